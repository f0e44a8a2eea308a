// The waveform's numbers: coarse ones for all of the recording, fine ones fetched for the stretch that is looked at.

const BLOCK_S = 30, MOST_BLOCKS = 40;

export class Peaks {
  // `data` is peaks.json, `fine` the address of peaks.bin; `loaded` is called when more can be drawn.
  constructor(data, fine, loaded) {
    Object.assign(this, { data, address: fine, loaded, blocks: new Map() });
    this.rows = [data.channels, ...(data.others ?? [])].flat();
    this.tracks = [data.channels, ...(data.others ?? [])].map((channels) => channels.length);
    this.perSecond = data.per_second;
    this.zero = data.frames_zero_s;
    this.fine = data.fine ?? null;
  }

  // Lowest and highest value of a row between two moments (seconds); fine when a column is thinner than a coarse pair.
  between(row, from, to) {
    if (this.fine && (to - from) * this.perSecond < 1.5) {
      const found = this.finely(row, from, to);
      if (found) return found;
    }
    const values = this.rows[row], first = Math.floor((from + this.zero) * this.perSecond);
    const stop = Math.max(Math.ceil((to + this.zero) * this.perSecond), first + 1);
    let low = 0, high = 0;
    for (let pair = Math.max(first, 0); pair < stop && 2 * pair < values.length; pair += 1) {
      low = Math.min(low, values[2 * pair]);
      high = Math.max(high, values[2 * pair + 1]);
    }
    return [low, high];
  }

  finely(row, from, to) {
    const rate = this.fine.per_second, first = Math.max(Math.floor(from * rate), 0);
    const stop = Math.max(Math.ceil(to * rate), first + 1);
    let low = 0, high = 0;
    for (let pair = first; pair < stop; pair += 1) {
      const block = this.block(Math.floor(pair / (BLOCK_S * rate)));
      if (!block) return null;
      const at = ((pair % (BLOCK_S * rate)) * this.rows.length + row) * 2;
      if (at + 1 >= block.length) continue;
      low = Math.min(low, block[at]);
      high = Math.max(high, block[at + 1]);
    }
    return [low, high];
  }

  // The numbers of a block, or nothing yet.
  block(number) {
    const known = this.blocks.get(number);
    if (known === undefined) this.fetch(number).then(() => this.loaded(), () => {});
    return known ?? null;
  }

  async fetch(number) {
    const pairs = BLOCK_S * this.fine.per_second, size = pairs * this.rows.length * 2;
    this.blocks.set(number, null);
    if (number * pairs >= this.fine.pairs) return;
    if (this.blocks.size > MOST_BLOCKS) this.blocks.delete(this.blocks.keys().next().value);
    const answer = await fetch(this.address, { headers: { Range: `bytes=${number * size}-${(number + 1) * size - 1}` } });
    if (answer.status !== 206) return;
    this.blocks.set(number, new Int8Array(await answer.arrayBuffer()));
  }

  // The moment (seconds) within so many seconds of another one at which the sound rises most; null without fine numbers.
  async onset(moment, around) {
    if (!this.fine) return null;
    const rate = this.fine.per_second, before = Math.round(rate / 25);
    const first = Math.max(Math.floor((moment - around) * rate), before), stop = Math.ceil((moment + around) * rate);
    for (const number of new Set([first - before, stop].map((pair) => Math.floor(pair / (BLOCK_S * rate))))) {
      if (!this.blocks.get(number)) await this.fetch(number);
    }
    const loud = (pair) => {
      const heights = this.rows.slice(0, this.tracks[0]).map((_, row) => this.finely(row, pair / rate, (pair + 1) / rate) ?? [0, 0]);
      return Math.max(...heights.map(([low, high]) => Math.max(-low, high)));
    };
    let best = null, most = 0;
    for (let pair = first; pair < stop; pair += 1) {
      let past = 0;
      for (let back = 1; back <= before; back += 1) past = Math.max(past, loud(pair - back));
      const rise = loud(pair) - past;
      if (rise > most) [best, most] = [pair, rise];
    }
    return best === null ? null : best / rate;
  }
}
