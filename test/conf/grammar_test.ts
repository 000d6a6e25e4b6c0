import { credentialProblem } from "../../src/conf/credential.ts";
import { ParseError } from "../../src/base/errors.ts";
import { parseIpNetwork } from "../../src/conf/ip_network.ts";
import { redactUrl } from "../../src/conf/mod.ts";
import { checkUrl, redirectProblem } from "../../src/conf/url.ts";
import { equal, ok, throws } from "../support/assert.ts";

const networks: readonly [string, string][] = [
  ["127.0.0.1", "127.0.0.1/32"],
  ["10.1.2.3/8", "10.0.0.0/8"],
  ["0.0.0.0/0", "0.0.0.0/0"],
  ["255.255.255.255/31", "255.255.255.254/31"],
  ["192.168.1.77/25", "192.168.1.0/25"],
  ["::1", "::1/128"],
  ["::", "::/128"],
  ["::/0", "::/0"],
  ["2001:DB8:0:0:1:0:0:1/64", "2001:db8::/64"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1/128"],
  ["fe80::1:2/127", "fe80::1:2/127"],
  ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0/128"],
  ["::ffff:10.0.0.1", "10.0.0.1/32"],
  ["::ffff:10.1.2.3/104", "10.0.0.0/8"],
  ["64:ff9b::1.2.3.4", "64:ff9b::102:304/128"],
];

Deno.test("networks are brought to one spelling", () => {
  for (const [text, canonical] of networks) equal(parseIpNetwork(text), canonical, text);
});

Deno.test("networks: what is refused", () => {
  const bad = [
    "",
    "localhost",
    "1.2.3",
    "1.2.3.4.5",
    "256.1.1.1",
    "01.2.3.4",
    "1.2.3.4/33",
    "1.2.3.4/",
    "1.2.3.4/08",
    "1.2.3.4/-1",
    "::1/129",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4:5:6:7::8:9",
    "12345::",
    ":::",
    "1.2.3.4::",
    "fe80::1%eth0",
    "::1.2.3",
    ":1:2:3:4:5:6:7",
    "/8",
  ];
  for (const text of bad) throws(() => parseIpNetwork(text), ParseError, text);
});

Deno.test("credentials: alphabet and hashes", () => {
  const good = [
    "",
    "any",
    "aZ09!$()*+.;<=>[]^_-{}@#&",
    "sha256:AAaa09+/=",
    "argon2:$argon2id$v=19$m=4096,t=3,p=1$MTIzNDU2Nzg$OGGO0eCMN0ievb4YGSzvS/H+Vajx1pcbUmtLp2tRqRU",
  ];
  for (const text of good) equal(credentialProblem(text), undefined, text);
  const bad = [
    "a b",
    "a:b",
    "é",
    "a/b",
    "sha256:",
    "sha256:a b",
    "argon2:x",
    "argon2:$argon2id$v=19$m=1$a$b",
    "a\n",
  ];
  for (const text of bad) ok(credentialProblem(text) !== undefined, text);
});

Deno.test("URLs: scheme, host, port, both credentials or none", () => {
  const good = [
    "rtsp://h",
    "rtsp://h:554/x?y#z",
    "rtmp://u:p@h/x",
    "rtsp://u:p@@h/",
    "srt://[::1]:9/",
    "rtsp://$G1:$G2/x",
    "http://:@h/",
  ];
  for (const url of good) equal(typeof checkUrl(url), "object", url);
  const bad = [
    "",
    "h",
    "rtsp:/h",
    "rtsp://",
    "rtsp:///x",
    "rtsp://u@h",
    "rtsp://:p@h",
    "rtsp://h:x",
    "rtsp://h:70000",
    "rtsp://h o/",
    "rtsp://::1/",
  ];
  for (const url of bad) equal(typeof checkUrl(url), "string", url);
});

Deno.test("redirects: a path of this server or an RTSP URL", () => {
  for (const to of ["/other", "/a/b", "rtsp://h/x", "rtsps://h"]) equal(redirectProblem(to), undefined, to);
  for (const to of ["", "/", "other", "//x", "/a/../b", "/a b", "http://h/x", "rtsp://"]) {
    ok(redirectProblem(to) !== undefined, to);
  }
});

Deno.test("redactUrl hides credentials, query and fragment", () => {
  const cases: readonly [string, string][] = [
    ["rtsp://h:554/x", "rtsp://h:554/x"],
    ["rtsp://u:p@h/x", "rtsp://<redacted>@h/x"],
    ["rtsp://u:p/q@h/x", "rtsp://<redacted>@h/x"],
    ["srt://h?passphrase=secret", "srt://h?<redacted>"],
    ["rtmp://h/app#key", "rtmp://h/app#<redacted>"],
    ["u:p@h", "<redacted>@h"],
    ["publisher", "publisher"],
  ];
  for (const [url, open] of cases) equal(redactUrl(url), open);
});
