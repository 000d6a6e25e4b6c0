/** ISO/IEC 14496-3 table 1.18, by samplingFrequencyIndex. */
export const sampleRates: readonly number[] = [
  96000,
  88200,
  64000,
  48000,
  44100,
  32000,
  24000,
  22050,
  16000,
  12000,
  11025,
  8000,
  7350,
];

/** The index that says "24 bits of frequency follow". */
export const explicitSampleRateIndex = 15;

/** ISO/IEC 14496-3 table 1.19: channels by channelConfiguration; 0 where a program config element says it. */
const channelCounts: readonly number[] = [0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8];

/** `undefined` for reserved values; 0 means that a program config element follows. */
export function channelCountFromConfiguration(configuration: number): number | undefined {
  if (configuration === 0) return 0;
  return channelCounts[configuration] || undefined;
}

/** The lowest channelConfiguration with that many channels; 0 when there is none. */
export function configurationFromChannelCount(channelCount: number): number {
  return channelCount === 0 ? 0 : Math.max(0, channelCounts.indexOf(channelCount));
}
