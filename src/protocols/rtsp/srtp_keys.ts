/** Keys of SRTP, as MIKEY messages carry them over RTSPS (RFC 4567, RFC 3830). */
import { ParseError } from "../../base/errors.ts";
import { millisFromNtp } from "../../base/time.ts";
import type { PacketCrypto } from "../../base/packet_crypto.ts";
import {
  createSrtpReceiver,
  createSrtpSender,
  srtpProfiles,
  type SrtpReceiver,
  type SrtpSender,
} from "../../rtp/srtp/mod.ts";
import type { RtspContext } from "./context.ts";
import type { TrackSender } from "./fanout/track_sender.ts";
import type { MediaSrtp } from "./media_setup.ts";
import { RequestError } from "./reply.ts";
import { parseKeyMgmt, serializeKeyMgmt, serializeKeyMgmtAttribute } from "./wire/key_mgmt.ts";
import type { MikeyMessage } from "./wire/mikey/message.ts";
import {
  masterKeySize,
  masterSaltSize,
  mikeyFromSrtp,
  srtpFromMikey,
  type SrtpKeys,
} from "./wire/mikey/srtp.ts";
import type { RtspRequest } from "./wire/request.ts";

const profile = srtpProfiles.aes128CounterSha1Tag80;
const maxClockDifferenceMs = 3_600_000;

/** The key that one side encrypts one media section with. */
export interface SrtpKey {
  readonly masterKey: Uint8Array;
  readonly masterSalt: Uint8Array;
}

/** A random one. */
function createSrtpKey(): SrtpKey {
  return {
    masterKey: crypto.getRandomValues(new Uint8Array(masterKeySize)),
    masterSalt: crypto.getRandomValues(new Uint8Array(masterSaltSize)),
  };
}

/** A key and the sender that uses it. */
export interface KeyedSender {
  readonly key: SrtpKey;
  readonly sender: SrtpSender;
}

/** What we send with. One sender serves all readers of a media section. */
export function createKeyedSender(crypto: PacketCrypto): KeyedSender {
  const key = createSrtpKey();
  return { key, sender: createSrtpSender({ profile, key: key.masterKey, salt: key.masterSalt, crypto }) };
}

/** The client's key from the KeyMgmt header of a SETUP. Throws RequestError and ParseError. */
function clientKeys(request: RtspRequest): SrtpKeys {
  const header = request.headers.get("KeyMgmt");
  if (header === undefined) throw new RequestError(400, "the KeyMgmt header is missing");
  const { message } = parseKeyMgmt(header);
  checkClock(message);
  return srtpFromMikey(message);
}

/** RFC 3830 §5.4: a message from another time may be a replay. */
function checkClock(message: MikeyMessage): void {
  for (const payload of message.payloads) {
    if (payload.type !== "timestamp" || payload.local) continue;
    const { ntp } = payload;
    const sent = millisFromNtp(Number(ntp >> 32n), Number(ntp & 0xffffffffn));
    if (Math.abs(Date.now() - sent) > maxClockDifferenceMs) {
      throw new ParseError("KeyMgmt", "the clocks of client and server differ by more than an hour");
    }
  }
}

/**
 * Both directions of one media section: the client's key from its request, ours as given. `shared`: our sender serves
 * others too; else it is closed with the section, also when this throws.
 */
export function mediaSrtp(
  context: Pick<RtspContext, "srtpCrypto">,
  request: RtspRequest,
  sender: SrtpSender,
  shared: boolean,
): MediaSrtp {
  let receiver: SrtpReceiver;
  try {
    receiver = receiverOf(context, request);
  } catch (error) {
    if (!shared) sender.close();
    throw error;
  }
  const close = () => {
    receiver.close();
    if (!shared) sender.close();
  };
  return { receiver, sender, close };
}

function receiverOf({ srtpCrypto }: Pick<RtspContext, "srtpCrypto">, request: RtspRequest): SrtpReceiver {
  const { masterKey, masterSalt, masterKeyIdentifier, streams } = clientKeys(request);
  return createSrtpReceiver({
    profile,
    key: masterKey,
    salt: masterSalt,
    crypto: srtpCrypto,
    rollovers: new Map(streams.map(({ ssrc, rolloverCounter }) => [ssrc, rolloverCounter])),
    ...(masterKeyIdentifier === undefined ? {} : { mki: masterKeyIdentifier }),
  });
}

/** The KeyMgmt header of our answer. `tracks`: those that the key is for, when we are the ones who send. */
export function keyMgmtHeader(url: string, ours: KeyedSender, tracks: readonly TrackSender[]): string {
  return serializeKeyMgmt({ url, message: keyMessage(ours, tracks) });
}

/** The key-mgmt attribute of SDP. */
export function keyMgmtAttribute(ours: KeyedSender, tracks: readonly TrackSender[]): string {
  return serializeKeyMgmtAttribute(keyMessage(ours, tracks));
}

function keyMessage({ key }: KeyedSender, tracks: readonly TrackSender[]): MikeyMessage {
  const streams = tracks.map((track) => ({ ssrc: track.ssrc, rolloverCounter: track.rollover() }));
  return mikeyFromSrtp({ ...key, streams }, {
    bundleId: crypto.getRandomValues(new Uint32Array(1))[0],
    random: crypto.getRandomValues(new Uint8Array(16)),
    now: Date.now(),
  });
}
