/** The system's ciphers for packets, where there are any: see `rtp/srtp` for the portable ones. */
export { systemCrypto } from "./ffi/libcrypto.ts";
