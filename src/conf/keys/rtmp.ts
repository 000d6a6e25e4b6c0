/** The RTMP and RTMPS servers. */
import { alias, built } from "../key.ts";
import { bool, encryption, networks, text } from "../value_type.ts";
import { certDoc, keyDoc, proxyProtocolDoc } from "./shared_docs.ts";

export const rtmpKeys = {
  rtmp: built(bool, true, "Run the RTMP server, for publishers and readers."),
  rtmpDisable: alias(bool, "rtmp", { as: "inverted" }),
  rtmpEncryption: built(
    encryption,
    "no",
    'Encrypt connections (RTMPS): never, on a second address, or always. Write "no" in quotes.',
  ),
  rtmpAddress: built(text, ":1935", "TCP address of RTMP; used unless encryption is strict."),
  rtmpsAddress: built(text, ":1936", "TCP address of RTMPS; used when encryption is optional or strict."),
  rtmpServerKey: built(text, "server.key", keyDoc),
  rtmpServerCert: built(text, "server.crt", certDoc),
  rtmpTrustedProxies: built(networks, [], proxyProtocolDoc),
};
