"""Reviewers of a talk: the crew makes links for them and lifts holds; they watch, comment, approve or hold."""

from __future__ import annotations

from flask import Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker import properties, reviews
from tracker.db import transaction
from tracker.errors import InvalidInput, NotFound
from tracker.gui import acts, forms
from tracker.gui.access import bp, me, needs, public, ticket_or_404
from tracker.gui.views.media import encoded_file, send_media
from tracker.gui.views.release import file_of
from tracker.models import ReviewLink, Ticket
from tracker.queries import reviews as rows
from tracker.statemachine import ENCODING
from tracker.tickets import holds

DAYS = 14
PICTURES = ("mp4", "m4v", "webm")
"""What browsers play, the first found is shown."""


@bp.get("/<slug>/ticket/<int:ticket_id>/reviewers")
@needs("superuser")
def reviewers(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Show who may look at a talk without an account, what they said, and whether it is held."""
    return _crew_page(ticket_or_404(slug, ticket_id, "recording"))


def _crew_page(found: Ticket, error: InvalidInput | None = None, address: tuple[str, str] | None = None) -> str:
    return render_template(
        "reviewers.html",
        project=found.project,
        ticket=found,
        links=rows.review_links(found.id),
        is_over=reviews.is_over,
        held=holds.held(found),
        days=DAYS,
        form=request.form,
        address=address,
        error=error,
    )


@bp.post("/<slug>/ticket/<int:ticket_id>/reviewers")
@needs("superuser")
def reviewers_post(slug: str, ticket_id: int) -> ResponseReturnValue:
    """Make a link, whose address is on the page that answers and nowhere else; or revoke one, hold, lift a hold."""
    found = ticket_or_404(slug, ticket_id, "recording")
    if forms.text("action") != "invite":
        return acts.perform(found, {"revoke": _revoke, "hold": _hold, "lift": _lift}, _crew_page, request.path)
    try:
        with transaction():
            link, token = reviews.invite(ticket_id, me(), forms.text("name"), forms.whole("days"))
            address = link.name, url_for("gui.review", token=token, _external=True)
    except InvalidInput as error:
        return forms.again(error, _crew_page, found)
    return _crew_page(found, None, address)


def _revoke(found: Ticket) -> str:
    link = reviews.revoke(found.id, me(), forms.whole("link"))
    return f"The link of {link.name} opens nothing any more."


def _hold(found: Ticket) -> str:
    holds.hold(found.id, me(), forms.text("comment"))
    return "The talk is held: nothing of it is released until somebody lifts that."


def _lift(found: Ticket) -> str:
    reviews.overrule(found.id, me(), forms.text("comment"), version=forms.version())
    return "The talk may be released."


# --- without an account --------------------------------------------------------------------------------------------


@bp.get("/review/<token>")
@public
def review(token: str) -> ResponseReturnValue:
    """Show a talk to a reviewer."""
    with transaction():
        link = reviews.find(token)
        reviews.note_opened(link)
    return _page(link)


def _page(link: ReviewLink, error: InvalidInput | None = None) -> str:
    files = [file_of(child) for child in link.ticket.children if child.type == ENCODING and not child.off]
    there = [file for file in files if not file.missing]
    return render_template(
        "review.html",
        bare=True,
        link=link,
        talk=link.ticket,
        persons=properties.own(link.ticket).get("Fahrplan.Person_list", ""),
        files=there,
        film=next((file for file in there if file.values.get("EncodingProfile.Extension") in PICTURES), None),
        token=request.view_args["token"] if request.view_args else "",
        said=rows.comments_by(link.ticket_id, reviews.author(link)),
        done=request.args.get("done", ""),
        form=request.form,
        error=error,
    )


@bp.post("/review/<token>")
@public
def review_post(token: str) -> ResponseReturnValue:
    """Take what a reviewer says."""
    link = reviews.find(token)
    text = forms.text("comment")
    deeds = {
        "comment": lambda: reviews.comment(link, text),
        "approve": lambda: reviews.approve(link, text),
        "hold": lambda: reviews.hold(link, text),
    }
    try:
        deed = forms.action(deeds)
        with transaction():
            deed()
    except InvalidInput as error:
        return _page(link, error), error.http_status
    return redirect(url_for("gui.review", token=token, done=forms.text("action")), 303)


@bp.get("/review/<token>/media/<int:ticket_id>")
@public
def review_media(token: str, ticket_id: int) -> Response:
    """Send one of the files of the talk that the link is for."""
    link = reviews.find(token)
    child = next((each for each in link.ticket.children if each.id == ticket_id and each.type == ENCODING), None)
    if child is None or child.off:
        raise NotFound("There is no such file.")
    return send_media(encoded_file(child, properties.merged(child)))


# --- everybody -----------------------------------------------------------------------------------------------------


@bp.get("/<slug>/talk/<int:number>/feedback")
@public
def feedback(slug: str, number: int) -> ResponseReturnValue:
    """Show the form with which everybody may tell what is wrong with a released talk."""
    return _form(reviews.talk_for_feedback(slug, number))


def _form(talk: Ticket, error: Exception | None = None) -> str:
    thanks = request.method == "GET" and request.args.get("done") == "1"
    return render_template("feedback.html", bare=True, talk=talk, form=request.form, thanks=thanks, error=error)


@bp.post("/<slug>/talk/<int:number>/feedback")
@public
def feedback_post(slug: str, number: int) -> ResponseReturnValue:
    """Open a miscellaneous ticket with what somebody says. A field that people do not see catches simple machines."""
    talk = reviews.talk_for_feedback(slug, number)
    done = redirect(url_for("gui.feedback", slug=slug, number=number, done=1), 303)
    if forms.text("website"):
        return done
    try:
        with transaction():
            reviews.say(talk, forms.text("text"), forms.text("contact"), request.remote_addr or "")
    except (InvalidInput, reviews.TooMany) as error:
        return _form(talk, error), error.http_status
    return done
