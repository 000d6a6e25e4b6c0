/** How channels are spread over Opus streams: mapping families 0 and 1 (RFC 7845 §5.1.1), as libopus encodes. */
export interface OpusChannelMapping {
  readonly streamCount: number;
  readonly coupledCount: number;
  /** For each output channel in Vorbis order the decoded channel it takes. */
  readonly mapping: readonly number[];
}

const mappings: readonly OpusChannelMapping[] = [
  { streamCount: 1, coupledCount: 0, mapping: [0] },
  { streamCount: 1, coupledCount: 1, mapping: [0, 1] },
  { streamCount: 2, coupledCount: 1, mapping: [0, 2, 1] },
  { streamCount: 2, coupledCount: 2, mapping: [0, 1, 2, 3] },
  { streamCount: 3, coupledCount: 2, mapping: [0, 4, 1, 2, 3] },
  { streamCount: 4, coupledCount: 2, mapping: [0, 4, 1, 2, 3, 5] },
  { streamCount: 4, coupledCount: 3, mapping: [0, 4, 1, 2, 3, 5, 6] },
  { streamCount: 5, coupledCount: 3, mapping: [0, 6, 1, 2, 3, 4, 5, 7] },
];

export const maxOpusChannels = 8;

/** `undefined` outside 1…8. */
export function opusChannelMapping(channelCount: number): OpusChannelMapping | undefined {
  return mappings[channelCount - 1];
}
