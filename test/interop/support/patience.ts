/** Limits of the server that tests of other things must not meet, however long a process waits for the processor. */
import type { GlobalValues } from "../../../src/conf/mod.ts";
import type { Config } from "./server.ts";

/** Publishers that fall silent, clients that take nothing for a while. */
export const patient: Config = { readTimeout: "2m", writeTimeout: "2m" };

/** Handshakes, too; and a publisher whose tracks begin at different times keeps them all. */
export const patientWebrtc: Config = {
  ...patient,
  webrtcHandshakeTimeout: "2m",
  webrtcTrackGatherTimeout: "2m",
};

/** The same for servers inside of the test, in milliseconds. */
export const patientWebrtcGlobals: Partial<GlobalValues> = {
  webrtcHandshakeTimeout: 120_000,
  webrtcTrackGatherTimeout: 120_000,
};
