/**
 * The mark in the first packet of a frame: a magic word, the send time and the frame's number. Every byte has its
 * top bit set, so that no H264 start code can appear.
 */
const magic = [0xb5, 0xe7, 0xc3, 0x9d];
const timeBytes = 8;
const numberBytes = 4;

export const stampSize = magic.length + timeBytes + numberBytes;
export const maxFrameNumber = 2 ** (7 * numberBytes) - 1;

export function writeStamp(bytes: Uint8Array, at: number, micros: number, frame: number): void {
  bytes.set(magic, at);
  writeSevens(bytes, at + magic.length, timeBytes, Math.floor(micros));
  writeSevens(bytes, at + magic.length + timeBytes, numberBytes, frame);
}

export function hasStamp(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === magic[0] && bytes[at + 1] === magic[1] && bytes[at + 2] === magic[2] &&
    bytes[at + 3] === magic[3];
}

export function stampMicros(bytes: Uint8Array, at: number): number {
  return readSevens(bytes, at + magic.length, timeBytes);
}

export function stampFrame(bytes: Uint8Array, at: number): number {
  return readSevens(bytes, at + magic.length + timeBytes, numberBytes);
}

function writeSevens(bytes: Uint8Array, at: number, count: number, value: number): void {
  for (let i = count - 1; i >= 0; i--) {
    bytes[at + i] = 0x80 | (value % 128);
    value = Math.floor(value / 128);
  }
}

function readSevens(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = 0; i < count; i++) value = value * 128 + (bytes[at + i] & 0x7f);
  return value;
}
