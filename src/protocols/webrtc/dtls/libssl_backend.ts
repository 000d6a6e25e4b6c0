/** DTLS with the system's libssl. */
import { openDtlsContext } from "../../../net/system_dtls.ts";
import type { DtlsBackend } from "./association.ts";
import type { Identity } from "./identity.ts";
import { maxDatagramSize } from "./records.ts";
import { offeredProfiles } from "./srtp_keys.ts";

/** Throws without libssl. */
export function createLibsslBackend(identity: Identity): DtlsBackend {
  const srtpProfiles = offeredProfiles.map(({ opensslName }) => opensslName).join(":");
  const context = openDtlsContext({ ...identity, srtpProfiles, mtu: maxDatagramSize });
  return {
    name: "libssl",
    connect: (role) => context.connect(role),
    close: () => context.close(),
  };
}
