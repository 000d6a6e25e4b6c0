/** Connectivity checks of a client that knows one address of its server. */
import type { IceCredentials } from "../../../../src/protocols/webrtc/contracts.ts";
import { attributeType, serializeStun, stunMethod } from "../../../../src/protocols/webrtc/ice/wire/stun.ts";
import { shortTermKey } from "../../../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import {
  addressAttribute,
  numberAttribute,
  textAttribute,
  tieBreakerAttribute,
  useCandidateAttribute,
} from "../../../../src/protocols/webrtc/ice/wire/stun_values.ts";

const priority = 0x6e0001ff;
const transactionIdAt = 8;
const transactionIdEnd = 20;

export function writeBindingRequest(local: IceCredentials, remote: IceCredentials): Uint8Array<ArrayBuffer> {
  return serializeStun({
    method: stunMethod.binding,
    class: "request",
    transactionId: crypto.getRandomValues(new Uint8Array(12)),
    attributes: [
      textAttribute(attributeType.username, `${remote.ufrag}:${local.ufrag}`),
      numberAttribute(attributeType.priority, priority),
      tieBreakerAttribute(attributeType.iceControlling, 1n),
      useCandidateAttribute,
    ],
  }, { key: shortTermKey(remote.password), fingerprint: true });
}

/** To a server that checks whether this reader still wants to be sent to; `request` may be cut off behind its header. */
export function writeBindingAnswer(
  request: Uint8Array,
  local: IceCredentials,
  server: { readonly ip: string; readonly port: number },
): Uint8Array<ArrayBuffer> {
  const transactionId = request.slice(transactionIdAt, transactionIdEnd);
  return serializeStun({
    method: stunMethod.binding,
    class: "success",
    transactionId,
    attributes: [addressAttribute(attributeType.xorMappedAddress, server, transactionId)],
  }, { key: shortTermKey(local.password), fingerprint: true });
}

/** 0 for a request, 1 for a success; only the first two bytes are looked at. */
export function isBindingSuccess(bytes: Uint8Array): boolean {
  return bytes[0] === 1 && bytes[1] === 1;
}

export function isBindingRequest(bytes: Uint8Array): boolean {
  return bytes[0] === 0 && bytes[1] === 1;
}
