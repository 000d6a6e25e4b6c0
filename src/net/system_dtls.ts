/** DTLS by the system's libssl, where there is one. */
export { type DtlsConnection, type DtlsContext, openDtlsContext, systemDtlsAvailable } from "./ffi/libssl.ts";
