/** The SRT and the Media over QUIC servers. */
import { alias, built, planned } from "../key.ts";
import { bool, networks, text, texts } from "../value_type.ts";
import { originsDoc, proxiesDoc } from "./shared_docs.ts";

export const srtKeys = {
  srt: built(bool, true, "Run the SRT server, for publishers and readers."),
  srtAddress: built(text, ":8890", "UDP address it listens on."),
};

export const moqKeys = {
  moq: planned(bool, true, "Run the Media over QUIC server.", { except: (on) => !on }),
  moqHTTP2Address: planned(text, ":8892", "TCP address of its web pages, always encrypted."),
  moqHTTP3Address: planned(text, ":8892", "UDP address of WebTransport, which browsers use."),
  moqQUICAddress: planned(text, ":8893", "UDP address of plain QUIC, which other clients use."),
  moqServerKey: planned(
    text,
    "auto.key",
    "File with the private key (PEM). auto.key and auto.crt are generated when they are missing.",
  ),
  moqServerCert: planned(text, "auto.crt", "File with the certificate (PEM)."),
  moqAllowOrigins: planned(texts, ["*"], originsDoc),
  moqTrustedProxies: planned(networks, [], proxiesDoc),
  moqHTTPS2Address: alias(text, "moqHTTP2Address"),
  moqHTTPS3Address: alias(text, "moqHTTP3Address"),
};
