import { parseAuthorization } from "../../../../src/protocols/rtsp/wire/authorization.ts";
import { parseChallenges } from "../../../../src/protocols/rtsp/wire/challenge.ts";
import {
  answerChallenge,
  type DigestInput,
  digestResponse,
  digestUriMatches,
  verifyBasic,
  verifyDigest,
} from "../../../../src/protocols/rtsp/wire/digest.ts";
import { parseRequestUrl } from "../../../../src/protocols/rtsp/wire/url.ts";
import { equal, ok } from "../../../support/assert.ts";

const rfc7616 = {
  user: "Mufasa",
  password: "Circle of Life",
  realm: "http-auth@example.org",
  nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
  method: "GET",
  uri: "/dir/index.html",
  protection: { count: "00000001", clientNonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ" },
} as const;

const vectors: readonly (readonly [name: string, input: DigestInput, response: string])[] = [
  ["RFC 2069 §2.4 with its erratum", {
    algorithm: "MD5",
    user: "Mufasa",
    password: "CircleOfLife",
    realm: "testrealm@host.com",
    nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    method: "GET",
    uri: "/dir/index.html",
  }, "1949323746fe6a43ef61f9606e7febea"],
  ["RFC 2617 §3.5", {
    algorithm: "MD5",
    user: "Mufasa",
    password: "Circle Of Life",
    realm: "testrealm@host.com",
    nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093",
    method: "GET",
    uri: "/dir/index.html",
    protection: { count: "00000001", clientNonce: "0a4f113b" },
  }, "6629fae49393a05397450978507c4ef1"],
  ["RFC 7616 §3.9.1 MD5", { ...rfc7616, algorithm: "MD5" }, "8ca523f5e9506fed4657c9700eebdbec"],
  [
    "RFC 7616 §3.9.1 SHA-256",
    { ...rfc7616, algorithm: "SHA-256" },
    "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
  ],
];

for (const [name, input, response] of vectors) {
  Deno.test(`digest: ${name}`, () => {
    equal(digestResponse(input), response);
    const { user, realm, nonce, uri, algorithm, protection } = input;
    const authorization = {
      scheme: "Digest",
      user,
      realm,
      nonce,
      uri,
      algorithm,
      response,
      ...(protection ? { protection } : {}),
    } as const;
    ok(verifyDigest(authorization, input));
    for (const key of ["user", "password", "realm", "nonce", "method"] as const) {
      ok(!verifyDigest(authorization, { ...input, [key]: `${input[key]}x` }), `another ${key}`);
    }
    for (const key of ["user", "realm", "nonce", "uri"] as const) {
      ok(!verifyDigest({ ...authorization, [key]: "other" }, input), `the header says another ${key}`);
    }
    ok(!verifyDigest({ ...authorization, response: response.slice(1) }, input));
  });
}

Deno.test("the strongest challenge is answered, and the answer verifies", () => {
  const credentials = { user: "myuser", password: "my:pass" };
  const request = { method: "DESCRIBE", uri: "rtsp://h/p", clientNonce: "c", count: 10 };
  const answers = [
    [
      'Digest realm="r", nonce="1"',
      'Digest realm="r", nonce="2", algorithm=SHA-256, qop="auth", opaque="o"',
      "Basic",
    ],
    ["Basic realm=x", 'Digest realm="r", nonce="1"'],
    ["Basic realm=x"],
    ["Negotiate"],
  ].map((headers) => answerChallenge(headers.flatMap(parseChallenges), credentials, request));
  equal(answers[0]?.scheme, "Digest");
  ok(answers[0]?.scheme === "Digest");
  equal(answers[0].algorithm, "SHA-256");
  equal(answers[0].opaque, "o");
  equal(answers[0].protection, { count: "0000000a", clientNonce: "c" });
  ok(verifyDigest(answers[0], { ...credentials, realm: "r", nonce: "2", method: "DESCRIBE" }));
  ok(answers[1]?.scheme === "Digest");
  equal(answers[1].algorithm, "MD5");
  equal(answers[2], { scheme: "Basic", ...credentials });
  equal(answers[3], null);
});

Deno.test("Basic needs both user and password", () => {
  const authorization = parseAuthorization("Basic bXl1c2VyOm15cGFzcw==");
  ok(authorization.scheme === "Basic");
  ok(verifyBasic(authorization, { user: "myuser", password: "mypass" }));
  ok(!verifyBasic(authorization, { user: "myuser", password: "mypas" }));
  ok(!verifyBasic(authorization, { user: "", password: "mypass" }));
});

const uriCases: readonly (readonly [uri: string, request: string, method: string, matches: boolean])[] = [
  ["rtsp://h:554/p?x=1", "rtsp://h:554/p?x=1", "DESCRIBE", true],
  ["/p?x=1", "rtsp://h:554/p?x=1", "DESCRIBE", true],
  ["rtsp://nat/p", "rtsp://h/p", "DESCRIBE", true],
  ["rtsp://h/p/", "rtsp://h/p", "PLAY", true],
  ["rtsp://h/q", "rtsp://h/p", "DESCRIBE", false],
  ["rtsp://h/p?x=2", "rtsp://h/p?x=1", "DESCRIBE", false],
  ["rtsp://h/p/", "rtsp://h/p/trackID=1", "SETUP", true],
  ["rtsp://h/p", "rtsp://h/p/trackID=1", "SETUP", true],
  ["rtsp://h/p?x=1", "rtsp://h/p?x=1/trackID=1", "SETUP", true],
  ["rtsp://h/p", "rtsp://h/p/trackID=1", "DESCRIBE", false],
  ["*", "*", "OPTIONS", true],
  ["rtsp://h/p", "*", "OPTIONS", false],
];
for (const [uri, request, method, matches] of uriCases) {
  Deno.test(`digest over ${uri} for ${method} ${request}`, () => {
    equal(digestUriMatches(uri, parseRequestUrl(request), method), matches);
  });
}
