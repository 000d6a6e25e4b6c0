/**
 * One relayed address on a TURN server (RFC 8656), with the permissions and channels that sessions need. The owner moves the
 * bytes and calls `tick`.
 */
import { ParseError } from "../../../../base/errors.ts";
import type { NetAddress } from "../../../../net/address.ts";
import { tryParseIp } from "../../../../net/ip.ts";
import type { PacketBatch } from "../../../../net/udp/socket.ts";
import { firstChannel, lastChannel, parseChannelData, serializeChannelData } from "../wire/channel_data.ts";
import {
  attributeType,
  findAttribute,
  parseStun,
  serializeStun,
  type StunMessage,
  stunMethod,
} from "../wire/stun.ts";
import { addressAttribute, numberAttribute, parseNumber, parseXorAddress } from "../wire/stun_values.ts";
import { type TurnRequestOptions, TurnRequests, type TurnResult } from "./turn_requests.ts";

/** Peers that are let in at the same time; the oldest makes room. */
export const maxPermissions = 512;
/** Permissions last 5 minutes, channels 10 (RFC 8656 §9, §12); both are renewed in time while they are used. */
export const renewAfterMs = 240_000;
/** A channel's number is free for another peer after this (RFC 8656 §12). */
export const channelRestMs = 15 * 60_000;
/** RFC 8656 §5: 17 is UDP. */
const udpProtocol = 17 << 24;
const restingMs = 1_000;

export interface TurnEvents {
  /** `mapped` is what the server sees of us. */
  onAllocated(relayed: NetAddress, mapped: NetAddress | null): void;
  /** The relayed address does not, or no longer, exist; called once. */
  onFailed(reason: string): void;
  onData(peer: NetAddress, data: Uint8Array): void;
}

export interface TurnOptions extends TurnRequestOptions {
  readonly sendBatch: (batch: PacketBatch) => void;
  readonly events: TurnEvents;
}

interface Permission {
  renewAt: number;
  usedAt: number;
}

interface Channel {
  readonly number: number;
  readonly peer: NetAddress;
  bound: boolean;
  renewAt: number;
  usedAt: number;
}

function resultText({ error }: Extract<TurnResult, { ok: false }>): string {
  return error === null ? "does not answer" : `refuses: ${error.code} ${error.reason}`;
}

export class TurnAllocation {
  #state: "idle" | "allocating" | "ready" | "over" = "idle";
  readonly #requests: TurnRequests;
  readonly #permissions = new Map<string, Permission>();
  readonly #channels = new Map<string, Channel>();
  readonly #byNumber = new Map<number, Channel>();
  /** Numbers that were used, and when they may be again. */
  readonly #resting: { readonly number: number; readonly freeAt: number }[] = [];
  #nextChannel = firstChannel;
  #refreshAt = Infinity;
  #now = 0;

  constructor(private readonly options: TurnOptions) {
    this.#requests = new TurnRequests(options);
  }

  get ready(): boolean {
    return this.#state === "ready";
  }

  get over(): boolean {
    return this.#state === "over";
  }

  start(now: number): void {
    this.#now = now;
    this.#state = "allocating";
    this.#requests.request(
      stunMethod.allocate,
      () => [numberAttribute(attributeType.requestedTransport, udpProtocol)],
      now,
      (result, at) => this.#allocated(result, at),
    );
  }

  #allocated(result: TurnResult, now: number): void {
    if (this.#state !== "allocating") return;
    if (!result.ok) return this.#fail(resultText(result));
    const { message } = result;
    const relayed = findAttribute(message, attributeType.xorRelayedAddress);
    const mapped = findAttribute(message, attributeType.xorMappedAddress);
    if (relayed === undefined) return this.#fail("gives no relayed address");
    const { transactionId } = message;
    const address = parseXorAddress(relayed, transactionId);
    this.#state = "ready";
    this.#scheduleRefresh(message, now);
    this.options.events.onAllocated(
      address,
      mapped === undefined ? null : parseXorAddress(mapped, transactionId),
    );
    for (const ip of this.#permissions.keys()) this.#requestPermission(ip, now);
  }

  #scheduleRefresh(message: StunMessage, now: number): void {
    const value = findAttribute(message, attributeType.lifetime);
    const seconds = value === undefined ? 600 : parseNumber(value, "LIFETIME");
    // A minute early, as RFC 8656 §7.1 suggests; never in a busy loop.
    this.#refreshAt = now + Math.max(seconds - 60, seconds / 2, 5) * 1000;
  }

  #fail(reason: string): void {
    if (this.#state === "over") return;
    this.#state = "over";
    this.options.events.onFailed(reason);
  }

  /** One message of the server. Nonsense is ignored. */
  receive(bytes: Uint8Array, now: number): void {
    if (this.#state === "over") return;
    this.#now = now;
    try {
      if (bytes.length > 0 && bytes[0] >= 0x40) this.#receiveChannel(bytes);
      else this.#receiveMessage(parseStun(bytes), now);
    } catch (error) {
      if (!(error instanceof ParseError)) throw error;
    }
  }

  #receiveChannel(bytes: Uint8Array): void {
    const { channel: number, data } = parseChannelData(bytes);
    const channel = this.#byNumber.get(number);
    if (channel === undefined) return;
    channel.usedAt = this.#now;
    this.options.events.onData(channel.peer, data);
  }

  #receiveMessage(message: StunMessage, now: number): void {
    if (message.class !== "indication") return this.#requests.receive(message, now);
    if (message.method !== stunMethod.data) return;
    const peer = findAttribute(message, attributeType.xorPeerAddress);
    const data = findAttribute(message, attributeType.data);
    if (peer === undefined || data === undefined) return;
    this.options.events.onData(parseXorAddress(peer, message.transactionId), data);
  }

  /** Lets packets of an address in. Does nothing for names. */
  permit(ip: string, now: number): void {
    if (this.#state === "over" || tryParseIp(ip) === undefined) return;
    const known = this.#permissions.get(ip);
    if (known !== undefined) {
      known.usedAt = now;
      return;
    }
    if (this.#permissions.size >= maxPermissions) {
      this.#permissions.delete(this.#permissions.keys().next().value ?? "");
    }
    this.#permissions.set(ip, { renewAt: now + renewAfterMs, usedAt: now });
    if (this.#state === "ready") this.#requestPermission(ip, now);
  }

  #requestPermission(ip: string, now: number): void {
    this.#requests.request(
      stunMethod.createPermission,
      (id) => [addressAttribute(attributeType.xorPeerAddress, { ip, port: 0 }, id)],
      now,
      // Without it the peer's packets do not come through, which its checks show. 437: the server has forgotten us.
      (result) => {
        if (!result.ok && result.error?.code === 437) this.#fail(resultText(result));
        else if (!result.ok) this.#permissions.delete(ip);
      },
    );
  }

  /** Gives a peer a channel: 4 bytes of overhead instead of 36, both ways. */
  bindChannel(peer: NetAddress, now: number): void {
    const key = `${peer.ip} ${peer.port}`;
    if (this.#state !== "ready" || this.#channels.has(key)) return;
    const number = this.#takeNumber(now);
    if (number === undefined) return;
    const channel: Channel = { number, peer, bound: false, renewAt: now + renewAfterMs, usedAt: now };
    this.#channels.set(key, channel);
    this.#byNumber.set(number, channel);
    this.#requestChannel(channel, now);
  }

  #takeNumber(now: number): number | undefined {
    if (this.#nextChannel <= lastChannel) return this.#nextChannel++;
    if (this.#resting.length === 0 || this.#resting[0].freeAt > now) return undefined;
    return this.#resting.shift()?.number;
  }

  #requestChannel(channel: Channel, now: number): void {
    this.#requests.request(
      stunMethod.channelBind,
      (id) => [
        numberAttribute(attributeType.channelNumber, channel.number << 16),
        addressAttribute(attributeType.xorPeerAddress, channel.peer, id),
      ],
      now,
      (result, at) => {
        if (result.ok) channel.bound = true;
        else this.#dropChannel(channel, at);
      },
    );
  }

  #dropChannel(channel: Channel, now: number): void {
    this.#channels.delete(`${channel.peer.ip} ${channel.peer.port}`);
    if (!this.#byNumber.delete(channel.number)) return;
    this.#resting.push({ number: channel.number, freeAt: now + channelRestMs });
  }

  send(batch: PacketBatch, to: NetAddress): void {
    if (this.#state !== "ready") return;
    const channel = this.#channels.get(`${to.ip} ${to.port}`);
    if (channel?.bound) {
      channel.usedAt = this.#now;
      this.options.sendBatch(serializeChannelData(channel.number, batch, this.options.stream));
      return;
    }
    let at = 0;
    for (const size of batch.sizes) {
      const transactionId = this.options.newTransactionId();
      const attributes = [
        addressAttribute(attributeType.xorPeerAddress, to, transactionId),
        { type: attributeType.data, value: batch.bytes.subarray(at, at += size) },
      ];
      this.options.send(serializeStun(
        { method: stunMethod.send, class: "indication", transactionId, attributes },
        { fingerprint: false },
      ));
    }
  }

  /** Gives the time of the next call. */
  tick(now: number): number {
    if (this.#state === "over" || this.#state === "idle") return Infinity;
    this.#now = now;
    this.#requests.tick(now);
    if (this.#state === "ready") {
      if (now >= this.#refreshAt) this.#refresh(now);
      this.#renew(now);
    }
    return Math.min(Math.max(this.#requests.dueAt, now + 1), now + restingMs);
  }

  #refresh(now: number): void {
    const asked = this.#requests.request(stunMethod.refresh, () => [], now, (result, at) => {
      if (result.ok) this.#scheduleRefresh(result.message, at);
      else this.#fail(resultText(result));
    });
    this.#refreshAt = asked ? Infinity : now + restingMs;
  }

  #renew(now: number): void {
    for (const [ip, permission] of this.#permissions) {
      if (now < permission.renewAt) continue;
      if (now - permission.usedAt > renewAfterMs) this.#permissions.delete(ip);
      else {
        permission.renewAt = now + renewAfterMs;
        this.#requestPermission(ip, now);
      }
    }
    for (const channel of this.#channels.values()) {
      if (now < channel.renewAt) continue;
      if (now - channel.usedAt > renewAfterMs) this.#dropChannel(channel, now);
      else {
        channel.renewAt = now + renewAfterMs;
        this.#requestChannel(channel, now);
      }
    }
  }

  /** Gives the relayed address back. */
  close(now: number): void {
    if (this.#state === "ready") {
      this.#requests.request(
        stunMethod.refresh,
        () => [numberAttribute(attributeType.lifetime, 0)],
        now,
        () => {},
      );
    }
    this.#state = "over";
  }
}
