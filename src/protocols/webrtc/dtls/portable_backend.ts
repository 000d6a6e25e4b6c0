/** DTLS with our own engine, for systems without libssl and for runs without foreign calls. */
import type { DtlsBackend } from "./association.ts";
import { PortableAssociation } from "./engine/association.ts";
import { ClientHandshake } from "./engine/client.ts";
import { ServerHandshake } from "./engine/server.ts";
import { Signer } from "./engine/signatures.ts";
import type { Identity } from "./identity.ts";
import { offeredProfiles } from "./srtp_keys.ts";

export function createPortableBackend(identity: Identity): DtlsBackend {
  const signer = new Signer(identity.certificate, identity.privateKey);
  const profiles = offeredProfiles.map(({ id }) => id);
  return {
    name: "portable",
    connect: (role, now) => {
      const Role = role === "server" ? ServerHandshake : ClientHandshake;
      return new PortableAssociation(role, signer, (context) => new Role(context, profiles), now);
    },
    close: () => {},
  };
}
