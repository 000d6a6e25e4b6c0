/** Byte streams over TCP and TLS. */
export { dialTcp, type DialTcpOptions } from "./dial.ts";
export { listenTcp, type ListenTcpOptions } from "./listen.ts";
export { listenTls, type ListenTlsOptions } from "./tls.ts";
