/** Secure RTP: RFC 3711 with AES counter mode and HMAC-SHA1, RFC 7714 with AES-GCM. */
export { PlainBatch, type SrtpBatch } from "./plain_batch.ts";
export { portableCrypto } from "./portable_crypto.ts";
export { type SrtpParameters, type SrtpProfile, srtpProfiles } from "./profile.ts";
export {
  createSrtpReceiver,
  maxSrtpSources,
  type Refusal,
  type SrtpReceiver,
  type Unprotected,
} from "./receiver.ts";
export { createSrtpSender, type RtpRewrite, type SrtpSender } from "./sender.ts";
