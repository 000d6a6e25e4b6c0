/** What opens firewalls between us and whoever sends to us: an RTP packet with nothing in it, an empty receiver report. */
export const emptyRtp: Uint8Array = Uint8Array.of(0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
export const emptyReport: Uint8Array = Uint8Array.of(0x80, 201, 0, 1, 0, 0, 0, 0);
