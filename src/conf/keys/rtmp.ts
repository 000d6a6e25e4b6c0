/** The RTMP and RTMPS servers. */
import { alias, planned } from "../key.ts";
import { bool, encryption, networks, text } from "../value_type.ts";
import { certDoc, keyDoc, proxyProtocolDoc } from "./shared_docs.ts";

export const rtmpKeys = {
  rtmp: planned(bool, true, "Run the RTMP server, for publishers and readers.", { except: (on) => !on }),
  rtmpDisable: alias(bool, "rtmp", { as: "inverted" }),
  rtmpEncryption: planned(
    encryption,
    "no",
    'Encrypt connections (RTMPS): never, on a second address, or always. Write "no" in quotes.',
  ),
  rtmpAddress: planned(text, ":1935", "TCP address of RTMP; used unless encryption is strict."),
  rtmpsAddress: planned(text, ":1936", "TCP address of RTMPS; used when encryption is optional or strict."),
  rtmpServerKey: planned(text, "server.key", keyDoc),
  rtmpServerCert: planned(text, "server.crt", certDoc),
  rtmpTrustedProxies: planned(networks, [], proxyProtocolDoc),
};
