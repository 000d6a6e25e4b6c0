/** The HTTP servers for operators: control API, metrics, profiles, playback. */
import { alias, built, planned } from "../key.ts";
import { bool, networks, text, texts } from "../value_type.ts";
import { certDoc, httpAddressDoc, keyDoc, originsDoc, proxiesDoc } from "./shared_docs.ts";

export const apiKeys = {
  api: built(
    bool,
    false,
    "Run the control API, to read and change the configuration and see what goes on.",
  ),
  apiAddress: built(text, ":9997", httpAddressDoc),
  apiEncryption: built(bool, false, "Speak HTTPS instead of HTTP."),
  apiServerKey: built(text, "server.key", keyDoc),
  apiServerCert: built(text, "server.crt", certDoc),
  apiAllowOrigin: alias(text, "apiAllowOrigins", { as: "list" }),
  apiAllowOrigins: built(texts, ["*"], originsDoc),
  apiTrustedProxies: built(networks, [], proxiesDoc),
  apiPersist: built(
    text,
    "",
    "File, relative to this one, in which changes made through the API are kept and loaded again at the next start; " +
      "empty forgets them. A key of Livemux, not of MediaMTX.",
    { own: true },
  ),
};

export const metricsKeys = {
  metrics: built(bool, false, "Run the metrics server, to let Prometheus collect counters."),
  metricsAddress: built(text, ":9998", httpAddressDoc),
  metricsEncryption: built(bool, false, "Speak HTTPS instead of HTTP."),
  metricsServerKey: built(text, "server.key", keyDoc),
  metricsServerCert: built(text, "server.crt", certDoc),
  metricsAllowOrigin: alias(text, "metricsAllowOrigins", { as: "list" }),
  metricsAllowOrigins: built(texts, ["*"], originsDoc),
  metricsTrustedProxies: built(networks, [], proxiesDoc),
};

export const pprofKeys = {
  pprof: built(bool, false, "Run the profiling server, to examine the server's own performance."),
  pprofAddress: built(text, ":9999", httpAddressDoc),
  pprofEncryption: built(bool, false, "Speak HTTPS instead of HTTP."),
  pprofServerKey: built(text, "server.key", keyDoc),
  pprofServerCert: built(text, "server.crt", certDoc),
  pprofAllowOrigin: alias(text, "pprofAllowOrigins", { as: "list" }),
  pprofAllowOrigins: built(texts, ["*"], originsDoc),
  pprofTrustedProxies: built(networks, [], proxiesDoc),
};

export const playbackKeys = {
  playback: planned(bool, false, "Run the playback server, to download and watch recordings."),
  playbackAddress: planned(text, ":9996", httpAddressDoc),
  playbackEncryption: planned(bool, false, "Speak HTTPS instead of HTTP."),
  playbackServerKey: planned(text, "server.key", keyDoc),
  playbackServerCert: planned(text, "server.crt", certDoc),
  playbackAllowOrigin: alias(text, "playbackAllowOrigins", { as: "list" }),
  playbackAllowOrigins: planned(texts, ["*"], originsDoc),
  playbackTrustedProxies: planned(networks, [], proxiesDoc),
};
