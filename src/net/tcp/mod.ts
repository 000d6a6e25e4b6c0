/** Byte streams over TCP and TLS. */
export { dialTcp, type DialTcpOptions } from "./dial.ts";
export { dialTls, type DialTlsOptions } from "./dial_tls.ts";
export { listenTcp, type ListenTcpOptions } from "./listen.ts";
export { listenTls, type ListenTlsOptions } from "./tls.ts";
