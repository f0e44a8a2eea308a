// Hear the sound as the form says it will be: left, right, both or mixed. Until somebody chooses, nothing is changed.

const GAINS = { // from left and right to left, from left and right to right
  both: [1, 0, 0, 1],
  left: [1, 0, 1, 0],
  right: [0, 1, 0, 1],
  mixed: [0.5, 0.5, 0.5, 0.5],
};

export class Ear {
  constructor(video) {
    this.video = video;
    this.gains = null;
  }

  hear(source) {
    const gains = GAINS[source.split("-")[0]] ?? GAINS.both;
    if (!this.gains && gains === GAINS.both) return;
    this.gains ??= this.connect();
    gains.forEach((gain, index) => { this.gains[index].gain.value = gain; });
  }

  connect() {
    this.context = new AudioContext();
    const source = this.context.createMediaElementSource(this.video);
    const split = this.context.createChannelSplitter(2), merge = this.context.createChannelMerger(2);
    source.connect(split);
    this.video.addEventListener("play", () => this.context.resume());
    const gains = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([from, to]) => {
      const gain = this.context.createGain();
      split.connect(gain, from);
      gain.connect(merge, 0, to);
      return gain;
    });
    merge.connect(this.context.destination);
    return gains;
  }
}
