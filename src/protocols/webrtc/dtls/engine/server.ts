/** The handshake as the server. */
import { randomBytes } from "node:crypto";
import { concat } from "../../../../base/bytes.ts";
import { alerts, DtlsFailure } from "./failure.ts";
import type { FlightPart } from "./flight.ts";
import type { Handshake, HandshakeContext } from "./association.ts";
import { type HandshakeMessage, handshakeType } from "./handshake_message.ts";
import {
  type ClientHello,
  extensionType,
  numberList,
  parseClientHello,
  randomSize,
  renegotiationSignal,
  serializeServerHello,
  useSrtp,
} from "./hello.ts";
import { createEphemeralKey, type EphemeralKey, groups, supportedGroups } from "./key_agreement.ts";
import {
  parseCertificate,
  parsePublicKey,
  parseSigned,
  serializeCertificate,
  serializeCertificateRequest,
  serializeParameters,
  serializeSigned,
} from "./key_exchange.ts";
import { dtls12 } from "./record_layer.ts";
import { checkSignature, ownScheme, publicKeyOf } from "./signatures.ts";
import { cipherSuites } from "./suites.ts";

type Awaited = "clientHello" | "certificate" | "clientKeyExchange" | "certificateVerify" | "finished";

/** Asks for the client's certificate and for the proof that it holds the key. */
export class ServerHandshake implements Handshake {
  #awaited: Awaited = "clientHello";
  #ephemeral: EphemeralKey | null = null;

  constructor(private readonly context: HandshakeContext, private readonly srtpProfiles: readonly number[]) {}

  start(): null {
    return null;
  }

  handle(message: HandshakeMessage): readonly FlightPart[] | null {
    if (message.type !== handshakeType[this.#awaited]) {
      throw new DtlsFailure(
        alerts.unexpectedMessage,
        `the peer sent message ${message.type} instead of ${this.#awaited}`,
      );
    }
    const { context } = this;
    const { transcript } = context;
    switch (this.#awaited) {
      case "clientHello":
        transcript.push(message.whole);
        this.#awaited = "certificate";
        return this.#answer(parseClientHello(message.body));
      case "certificate":
        transcript.push(message.whole);
        context.peerCertificate = parseCertificate(message.body);
        if (context.peerCertificate === null) {
          throw new DtlsFailure(alerts.handshakeFailure, "the peer has no certificate");
        }
        this.#awaited = "clientKeyExchange";
        return null;
      case "clientKeyExchange":
        transcript.push(message.whole);
        this.#takeKey(parsePublicKey(message.body));
        this.#awaited = "certificateVerify";
        return null;
      case "certificateVerify":
        this.#checkPossession(message);
        transcript.push(message.whole);
        this.#awaited = "finished";
        return null;
      case "finished":
        context.checkFinished(message.body);
        transcript.push(message.whole);
        context.done = true;
        return context.finish();
    }
  }

  #answer(hello: ClientHello): FlightPart[] {
    const { context } = this;
    if (hello.version > dtls12) {
      throw new DtlsFailure(alerts.protocolVersion, "the peer knows no DTLS 1.2");
    }
    if (!hello.cipherSuites.includes(cipherSuites.ecdsaAes128Gcm)) {
      throw new DtlsFailure(
        alerts.handshakeFailure,
        "the peer lacks TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
      );
    }
    const schemes = numberList(hello.extensions, extensionType.signatureAlgorithms) ?? [];
    const offered = numberList(hello.extensions, extensionType.supportedGroups) ?? [groups.p256];
    const group = supportedGroups.find((supported) => offered.includes(supported));
    if (!schemes.includes(ownScheme) || group === undefined) {
      throw new DtlsFailure(
        alerts.handshakeFailure,
        "the peer lacks ECDSA with SHA-256, or X25519 and P-256",
      );
    }
    const random = new Uint8Array(randomBytes(randomSize));
    context.randoms = { client: hello.random, server: random };
    const extensions = this.#agree(hello);
    const ephemeral = createEphemeralKey(group);
    this.#ephemeral = ephemeral;
    const parameters = serializeParameters(group, ephemeral.publicKey);
    const signature = context.signer.sign(concat([hello.random, random, parameters]));
    const exchange = concat([parameters, serializeSigned(ownScheme, signature)]);
    const cipherSuite = cipherSuites.ecdsaAes128Gcm;
    const answer = serializeServerHello({ version: dtls12, random, cipherSuite, extensions });
    return [
      context.message(handshakeType.serverHello, answer),
      context.message(handshakeType.certificate, serializeCertificate(context.signer.certificate)),
      context.message(handshakeType.serverKeyExchange, exchange),
      context.message(handshakeType.certificateRequest, serializeCertificateRequest()),
      context.message(handshakeType.serverHelloDone, new Uint8Array(0)),
    ];
  }

  /** Only what the client has offered may be answered (RFC 5246 §7.4.1.4). */
  #agree({ extensions, cipherSuites }: ClientHello): Map<number, Uint8Array> {
    const { context } = this;
    const agreed = new Map<number, Uint8Array>();
    if (extensions.has(extensionType.extendedMasterSecret)) {
      context.extendedMasterSecret = true;
      agreed.set(extensionType.extendedMasterSecret, new Uint8Array(0));
    }
    const profiles = numberList(extensions, extensionType.useSrtp) ?? [];
    context.srtpProfile = this.srtpProfiles.find((own) => profiles.includes(own)) ?? null;
    if (context.srtpProfile !== null) agreed.set(extensionType.useSrtp, useSrtp([context.srtpProfile]));
    if (extensions.has(extensionType.renegotiationInfo) || cipherSuites.includes(renegotiationSignal)) {
      agreed.set(extensionType.renegotiationInfo, Uint8Array.of(0));
    }
    if (extensions.has(extensionType.pointFormats)) {
      agreed.set(extensionType.pointFormats, Uint8Array.of(1, 0));
    }
    return agreed;
  }

  #takeKey(publicKey: Uint8Array): void {
    if (this.#ephemeral === null) throw new Error("DTLS: no key to agree with");
    this.context.deriveKeys(this.#ephemeral.agree(publicKey));
  }

  /** RFC 5246 §7.4.8: over everything before this message. */
  #checkPossession(message: HandshakeMessage): void {
    const { transcript, peerCertificate } = this.context;
    if (peerCertificate === null) throw new Error("DTLS: no certificate to check with");
    const { scheme, signature } = parseSigned(message.body);
    checkSignature(publicKeyOf(peerCertificate), scheme, concat(transcript), signature);
  }
}
