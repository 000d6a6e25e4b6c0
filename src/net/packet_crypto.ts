/** The fastest ciphers for packets that this machine has. */
import type { PacketCrypto } from "../base/packet_crypto.ts";
import { systemCrypto } from "./ffi/libcrypto.ts";

/** Undefined where only the portable ciphers of `rtp/srtp` are left. */
export const fastPacketCrypto: PacketCrypto | undefined = systemCrypto;
