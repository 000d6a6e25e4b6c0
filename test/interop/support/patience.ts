/** Limits of the server that tests of other things must not meet, however long a process waits for the processor. */
import type { Config } from "./server.ts";

/** Publishers that fall silent, clients that take nothing for a while. */
export const patient: Config = { readTimeout: "2m", writeTimeout: "2m" };

/** Handshakes, too; and a publisher whose tracks begin at different times keeps them all. */
export const patientWebrtc: Config = {
  ...patient,
  webrtcHandshakeTimeout: "2m",
  webrtcTrackGatherTimeout: "2m",
};
