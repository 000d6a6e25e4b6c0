/** Sentences that several keys share. */

export const httpAddressDoc = "Address it listens on: host:port, :port for every interface, or unix:///path.";
export const keyDoc =
  "File with the private key (PEM), needed when encryption is on. A changed file is taken over at once.";
export const certDoc =
  "File with the certificate (PEM), needed when encryption is on. A changed file is taken over at once.";
export const originsDoc =
  "Web pages that may use it from a browser (CORS): origins, with * as a wildcard for hosts.";
export const proxiesDoc =
  "Addresses or networks of reverse proxies whose X-Forwarded-For header is believed.";
export const proxyProtocolDoc =
  "Addresses or networks of proxies that announce the client's address with the PROXY protocol (version 1 or 2).";
