/** The handshake as the client. */
import { randomBytes } from "node:crypto";
import { concat } from "../../../../base/bytes.ts";
import type { Handshake, HandshakeContext } from "./association.ts";
import { alerts, DtlsFailure } from "./failure.ts";
import type { FlightPart } from "./flight.ts";
import { type HandshakeMessage, handshakeType, numbers, vector } from "./handshake_message.ts";
import {
  extensionType,
  numberList,
  parseHelloVerifyRequest,
  parseServerHello,
  randomSize,
  serializeClientHello,
  useSrtp,
} from "./hello.ts";
import { createEphemeralKey, supportedGroups } from "./key_agreement.ts";
import {
  parseCertificate,
  parseCertificateRequest,
  parseServerKeyExchange,
  serializeCertificate,
  serializePublicKey,
  serializeSigned,
  type ServerKeyExchange,
} from "./key_exchange.ts";
import { dtls12 } from "./record_layer.ts";
import { acceptedSchemes, checkSignature, ownScheme, publicKeyOf } from "./signatures.ts";
import { cipherSuites } from "./suites.ts";

type Awaited = "serverHello" | "certificate" | "serverKeyExchange" | "serverHelloDone" | "finished";

const offeredSuites: readonly number[] = [cipherSuites.ecdsaAes128Gcm, cipherSuites.rsaAes128Gcm];

export class ClientHandshake implements Handshake {
  #awaited: Awaited = "serverHello";
  readonly #random = new Uint8Array(randomBytes(randomSize));
  #retriedWithCookie = false;
  #certificateWanted = false;
  #exchange: ServerKeyExchange | null = null;

  constructor(private readonly context: HandshakeContext, private readonly srtpProfiles: readonly number[]) {}

  start(): FlightPart[] {
    return [this.#hello(new Uint8Array(0))];
  }

  #hello(cookie: Uint8Array): FlightPart {
    const extensions = new Map<number, Uint8Array>([
      [extensionType.supportedGroups, vector(2, numbers(supportedGroups))],
      [extensionType.pointFormats, Uint8Array.of(1, 0)],
      [extensionType.signatureAlgorithms, vector(2, numbers(acceptedSchemes))],
      [extensionType.useSrtp, useSrtp(this.srtpProfiles)],
      [extensionType.extendedMasterSecret, new Uint8Array(0)],
      [extensionType.renegotiationInfo, Uint8Array.of(0)],
    ]);
    const hello = { version: dtls12, random: this.#random, cookie, cipherSuites: offeredSuites, extensions };
    return this.context.message(handshakeType.clientHello, serializeClientHello(hello));
  }

  handle(message: HandshakeMessage): readonly FlightPart[] | null {
    if (message.type === handshakeType.helloVerifyRequest) return this.#retry(message);
    const { context } = this;
    // The certificate of the client is asked for after the server's key, or not at all.
    if (this.#awaited === "serverHelloDone" && message.type === handshakeType.certificateRequest) {
      context.transcript.push(message.whole);
      return this.#takeRequest(message.body);
    }
    if (message.type !== handshakeType[this.#awaited]) this.#refuse(message);
    if (this.#awaited === "finished") {
      context.checkFinished(message.body);
      context.done = true;
      return null;
    }
    context.transcript.push(message.whole);
    switch (this.#awaited) {
      case "serverHello":
        return this.#takeHello(message.body);
      case "certificate":
        context.peerCertificate = parseCertificate(message.body);
        this.#awaited = "serverKeyExchange";
        return null;
      case "serverKeyExchange":
        return this.#takeKey(message.body);
      case "serverHelloDone":
        this.#awaited = "finished";
        return this.#answer();
    }
  }

  #refuse({ type }: HandshakeMessage): never {
    throw new DtlsFailure(
      alerts.unexpectedMessage,
      `the peer sent message ${type} instead of ${this.#awaited}`,
    );
  }

  /** RFC 6347 §4.2.1: the first two messages are no part of the transcript. */
  #retry(message: HandshakeMessage): FlightPart[] {
    if (this.#retriedWithCookie || this.#awaited !== "serverHello") this.#refuse(message);
    this.#retriedWithCookie = true;
    this.context.transcript.length = 0;
    return [this.#hello(parseHelloVerifyRequest(message.body))];
  }

  #takeHello(body: Uint8Array): null {
    const { version, random, cipherSuite, extensions } = parseServerHello(body);
    if (version !== dtls12) throw new DtlsFailure(alerts.protocolVersion, "the peer knows no DTLS 1.2");
    if (!offeredSuites.includes(cipherSuite)) {
      throw new DtlsFailure(alerts.illegalParameter, "the peer chose a cipher suite that was not offered");
    }
    const { context } = this;
    context.randoms = { client: this.#random, server: random };
    context.extendedMasterSecret = extensions.has(extensionType.extendedMasterSecret);
    const profile = numberList(extensions, extensionType.useSrtp)?.at(0);
    context.srtpProfile = profile !== undefined && this.srtpProfiles.includes(profile) ? profile : null;
    this.#awaited = "certificate";
    return null;
  }

  /** RFC 8422 §5.4: the signature binds the server's certificate to this handshake. */
  #takeKey(body: Uint8Array): null {
    const exchange = parseServerKeyExchange(body);
    const { peerCertificate, randoms } = this.context;
    if (peerCertificate === null) {
      throw new DtlsFailure(alerts.handshakeFailure, "the peer has no certificate");
    }
    const signed = concat([randoms.client, randoms.server, exchange.parameters]);
    checkSignature(publicKeyOf(peerCertificate), exchange.scheme, signed, exchange.signature);
    if (!supportedGroups.includes(exchange.group)) {
      throw new DtlsFailure(alerts.illegalParameter, "the peer chose a group that was not offered");
    }
    this.#exchange = exchange;
    this.#awaited = "serverHelloDone";
    return null;
  }

  #takeRequest(body: Uint8Array): null {
    if (this.#certificateWanted) {
      throw new DtlsFailure(alerts.unexpectedMessage, "the peer asks twice for a certificate");
    }
    if (!parseCertificateRequest(body).includes(ownScheme)) {
      throw new DtlsFailure(alerts.handshakeFailure, "the peer lacks ECDSA with SHA-256");
    }
    this.#certificateWanted = true;
    return null;
  }

  #answer(): FlightPart[] {
    const { context } = this;
    const { signer } = context;
    const exchange = this.#exchange;
    if (exchange === null) throw new Error("DTLS: no key to agree with");
    const flight: FlightPart[] = [];
    if (this.#certificateWanted) {
      flight.push(context.message(handshakeType.certificate, serializeCertificate(signer.certificate)));
    }
    const ephemeral = createEphemeralKey(exchange.group);
    const shared = ephemeral.agree(exchange.publicKey);
    flight.push(context.message(handshakeType.clientKeyExchange, serializePublicKey(ephemeral.publicKey)));
    context.deriveKeys(shared);
    if (this.#certificateWanted) {
      const proof = serializeSigned(ownScheme, signer.sign(concat(context.transcript)));
      flight.push(context.message(handshakeType.certificateVerify, proof));
    }
    return [...flight, ...context.finish()];
  }
}
