"""Small schedules in the shapes their producers print, with invented content."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr
from zoneinfo import ZoneInfo

BERLIN = ZoneInfo("Europe/Berlin")

PENTABARF = b"""<?xml version="1.0" encoding="UTF-8"?>
<schedule>
  <conference>
    <title>Tenth Winter Meeting</title><subtitle>Cold soldering</subtitle><venue>Town hall</venue>
    <start>2010-12-27</start><end>2010-12-28</end><days>2</days>
    <release>Version 0.7</release><day_change>04:00</day_change><timeslot_duration>00:15</timeslot_duration>
  </conference>
  <day date="2010-12-27" index="1">
    <room name="Saal 1">
      <event id="4001">
        <start>23:00</start><duration>01:00</duration><room>Saal 1</room><tag>late_show</tag>
        <title>Late show</title><subtitle>With guests</subtitle><track>Community</track><type>lecture</type>
        <language>en</language><abstract>First line\r
second line</abstract><description/>
        <persons><person id="7">Ada L&#246;w</person><person id="8">Bo</person></persons><links/>
      </event>
      <event id="4002">
        <start>00:15</start><duration>00:45</duration><room>Saal 1</room><slug>after_midnight</slug>
        <title>After midnight</title><persons/>
      </event>
    </room>
  </day>
</schedule>
"""

FRAB = b"""<?xml version='1.0' encoding='utf-8' ?>
<schedule>
<version>1.3 To warm up</version>
<conference><acronym>fc24</acronym><title>FrabCon</title><start>2024-12-27</start><end>2024-12-28</end><days>2</days>
<timeslot_duration>00:05</timeslot_duration><base_url>https://fahrplan.example/</base_url></conference>
<day date='2024-12-27' end='2024-12-28T04:00:00+01:00' index='1' start='2024-12-27T11:00:00+01:00'>
<room name='Gro\xc3\x9fer Saal'>
<event guid='9d6b6f43-4d63-4b3f-9a0e-000000000001' id='7550'>
<date>2024-12-28T00:30:00+01:00</date><start>00:30</start><duration>01:00</duration><room>Gro\xc3\x9fer Saal</room>
<slug>fc24-7550-night_talk</slug><url>https://fahrplan.example/7550</url>
<recording><license>CC BY 4.0</license><optout>true</optout></recording>
<title>Night talk</title><subtitle></subtitle><track>Art &amp; Play</track><type>lecture</type><language>de</language>
<abstract>&lt;p&gt;Hi&lt;/p&gt;</abstract><description></description><logo></logo>
<persons><person id='1'>Zo\xc3\xab \xf0\x9f\x9a\x80</person></persons>
<links><link href='https://example.org'>x</link></links><attachments></attachments>
<video_download_url>https://media.example/7550.mp4</video_download_url>
</event></room></day></schedule>
"""

PRETALX = b"""<?xml version='1.0' encoding='utf-8' ?>
<schedule xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="https://x.example/s.xsd">
  <generator name="pretalx" version="2024.1"/><version>latest</version>
  <conference><title>Talks</title><acronym>talks</acronym><start>2024-07-04</start><end>2024-07-05</end><days>2</days>
    <timeslot_duration>00:05</timeslot_duration><base_url>https://p.example</base_url>
    <time_zone_name>Europe/Lisbon</time_zone_name><track name="Main" slug="1-main" color="#fff"/></conference>
  <day index='1' date='2024-07-04' start='2024-07-04T04:00:00+01:00' end='2024-07-05T03:59:00+01:00'>
    <room name='Main hall' guid='0d3a2f6e-0000-5000-8000-00000000000a'>
      <event guid='6f1c1b1e-0000-5000-8000-000000000001' id='17' code='TFEDKN'>
        <room>Main hall</room><title>Recurring</title><subtitle></subtitle><type>Talk</type>
        <date>2024-07-04T10:00:00+01:00</date><start>10:00</start><duration>00:30</duration>
        <abstract/><slug>talks-17-0-recurring</slug><track>Main</track><logo></logo><persons>
          <person id='3' guid='5'>Cem</person></persons><language>en</language><description></description>
        <recording><license></license><optout>false</optout></recording><links></links><attachments></attachments>
        <url>https://p.example/TFEDKN</url><feedback_url>https://p.example/TFEDKN/f</feedback_url></event>
      <event guid='6f1c1b1e-0000-5000-8000-000000000002' id='17' code='TFEDKN'>
        <room>Main hall</room><title>Recurring</title><date>2024-07-04T15:00:00+01:00</date><start>15:00</start>
        <duration>1:12:00</duration><language>en</language><persons/></event>
    </room>
  </day>
</schedule>
"""

WAFER = b"""<?xml version="1.0" encoding="UTF-8"?>
<schedule>
  <conference><title>Wafer days</title><start>2017-08-05</start><end>2017-08-06</end><days>2</days>
    <day_change>00:00</day_change><timeslot_duration>00:05</timeslot_duration></conference>
  <day date="2017-08-05" index="1">
    <room name="Rex">
      <event id="246">

        <date>2017-08-05T10:00:00+00:00</date>
        <start>10:00</start>
        <duration>00:45</duration>
        <room>Rex</room>
        <abstract/>
        <title>Slots</title>
        <abstract>The real one</abstract>
        <recording><optout>True</optout></recording>
        <persons><person id="9" contact="nina@example.org">Nina</person></persons>
        <conf_url>/talks/1/</conf_url><full_conf_url>https://w.example/talks/1/</full_conf_url>
      </event>
      <event id="">
        <date>2017-08-05T11:00:00+00:00</date><start>11:00</start><duration>:</duration><room>Rex</room>
        <title>Lunch</title>
      </event>
    </room>
  </day>
</schedule>
"""

HUB = b"""<?xml version="1.0"?>
<schedule xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <version>2025:12-26 21:02</version>
  <conference><acronym>hub</acronym><title>Hub</title><start>2025-12-27</start><end>2025-12-28</end><days>2</days>
    <timeslot_duration>00:15</timeslot_duration><time_zone_name>Europe/Amsterdam</time_zone_name></conference>
  <day index="1" date="2025-12-27" start="2025-12-27T09:00:00+01:00" end="2025-12-28T08:00:00+01:00">
    <room name="Saal One" guid="ba692ba3-0000-5371-8309-000000000001">
      <event guid="88f25498-0000-5121-9303-000000000001" id="882549">
        <date>2025-12-27T14:30:00+01:00</date><type>talk</type><title>Both tongues</title><duration>4:30</duration>
        <start>14:30</start><code>ABCDEF</code><abstract/><description/><room>Saal One</room><track/>
        <slug>hub-both_tongues</slug><language>de, en</language>
        <persons><person guid="x">Dora, DK6TM</person><person>-</person></persons>
        <links><link><title>t</title><type>y</type></link></links>
      </event>
    </room>
  </day>
  <day index="2" date="2025-12-28"/>
</schedule>
"""

EMF = (
    b"<schedule><version>1</version><conference><title>Field</title><acronym>field</acronym></conference>"
    b'<day index="1" date="2022-06-03" end="2022-06-04T04:00:00+01:00"><room name="Stage A">'
    b'<event guid="a27ca2aa-0000-5541-b821-000000000001" id="332"><room>Stage A</room><title>Opening</title>'
    b"<type>talk</type><date>2022-06-03T13:00:00+01:00</date><start>13:00</start><duration>0:20</duration>"
    b"<persons><person>Eve</person></persons>"
    b"<recording><license>CC BY-SA 4.0</license><optout>false</optout></recording></event>"
    b'<event guid="a27ca2aa-0000-5541-b821-000000000002" id="333"><room>Stage A</room><title>Long</title>'
    b"<date>2022-06-03T15:00:00+01:00</date><start>15:00</start><duration>2:00:00</duration></event>"
    b"</room></day></schedule>"
)

MERGED = b"""<schedule>
  <version>sources of 2019-08-18 18:20</version>
  <conference><acronym>camp</acronym><title>Camp</title><start>2019-08-21</start><end>2019-08-26</end></conference>
  <day index="1" date="2019-08-21" start="2019-08-21T09:00:00+02:00" end="2019-08-22T04:00:00+02:00">
    <room name="Curie">
      <event id="10386" guid="a0a0fcfe-0000-46e3-84b6-000000000001">
        <date>2019-08-21T11:00:00+02:00</date><start>11:00</start><duration>00:30</duration><room>Curie</room>
        <slug>camp-10386-opening</slug><title>Opening</title>
        <persons>
          <person id="7797"><code>AA</code><public_name>jinx</public_name><biography>Long, long</biography></person>
          <person id="7798"><full_public_name>smtw</full_public_name><url>https://x.example</url></person>
          <person id="7799"><name>K\xc3\xa4the</name><biography/></person>
        </persons>
      </event>
      <event id="1180" guid="f3ab2794-0000-4a02-9fc7-000000000002">
        <date>2019-08-21T16:15:00+00:00</date><start>16:15</start><duration>25:00</duration><room></room>
        <slug/><title>Self-organised</title>
        <persons><person id="0" href="https://w.example/u">wiki</person></persons>
      </event>
    </room>
  </day>
</schedule>
"""


def event(number: int = 1, **fields: str | None) -> str:
    """Print one event as frab does; a field of None is left out, `guid`, `id` and `extra` XML may be given."""
    given: dict[str, str | None] = {
        "guid": f"00000000-0000-4000-8000-{number:012d}",
        "id": str(number),
        "date": f"2024-12-27T{10 + number % 10:02d}:00:00+01:00",
        "start": f"{10 + number % 10:02d}:00",
        "duration": "00:30",
        "room": "Saal 1",
        "title": f"Talk {number}",
        "extra": "",
        **fields,
    }
    guid, ident, extra = given.pop("guid"), given.pop("id"), given.pop("extra")
    attributes = "".join(
        f" {name}={quoteattr(value)}" for name, value in (("guid", guid), ("id", ident)) if value is not None
    )
    inner = "".join(f"<{name}>{escape(value)}</{name}>" for name, value in given.items() if value is not None)
    return f"<event{attributes}>{inner}{extra}</event>"


def schedule(*events: str, head: str = "", room: str = "Saal 1", day: str = "", zone: str = "Europe/Berlin") -> bytes:
    """Print a schedule of one day and one room with *events*; *head* goes into the conference."""
    named = f"<time_zone_name>{zone}</time_zone_name>" if zone else ""
    day = day or "index='1' date='2024-12-27' start='2024-12-27T10:00:00+01:00' end='2024-12-28T04:00:00+01:00'"
    return (
        "<?xml version='1.0' encoding='utf-8'?>\n"
        f"<schedule><version>1</version><conference><title>Conf</title>{named}{head}</conference>"
        f"<day {day}><room name={quoteattr(room)}>{''.join(events)}</room></day></schedule>"
    ).encode()


def optout(text: str) -> str:
    """Print a recording element that says *text* about opting out."""
    return f"<recording><license/><optout>{text}</optout></recording>"
