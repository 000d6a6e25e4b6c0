/** Chunks (RTMP specification 1.0, §5.3): what reader and writer agree on. */

/** Bytes of a chunk's payload until a Set Chunk Size says otherwise. */
export const defaultChunkSize = 128;
/** A message has 24 bits for its length, hence no larger chunk makes sense (§5.4.1). */
export const maxChunkSize = 0xffffff;
/** Timestamps from here on stand in a field of their own. */
export const extendedTimestampMark = 0xffffff;
/** Message header bytes by chunk format. */
export const messageHeaderSizes: readonly number[] = [11, 7, 3, 0];

/** Message types (§5.4, §7.1). */
export const MessageType = {
  setChunkSize: 1,
  abort: 2,
  acknowledgement: 3,
  userControl: 4,
  windowAcknowledgementSize: 5,
  setPeerBandwidth: 6,
  audio: 8,
  video: 9,
  dataAmf3: 15,
  sharedObjectAmf3: 16,
  commandAmf3: 17,
  dataAmf0: 18,
  sharedObjectAmf0: 19,
  commandAmf0: 20,
  aggregate: 22,
} as const;

/** A message as chunk streams carry it. */
export interface RawMessage {
  readonly type: number;
  /** In ms, 32 bits, wrapping. */
  readonly timestamp: number;
  readonly streamId: number;
  readonly body: Uint8Array;
}
