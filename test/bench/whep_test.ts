import { parseDescription } from "../../src/protocols/webrtc/negotiation/mod.ts";
import { parseStun } from "../../src/protocols/webrtc/ice/wire/stun.ts";
import {
  checkFingerprint,
  checkIntegrity,
  shortTermKey,
} from "../../src/protocols/webrtc/ice/wire/stun_integrity.ts";
import { equal, throws } from "../support/assert.ts";
import {
  isBindingRequest,
  isBindingSuccess,
  writeBindingAnswer,
  writeBindingRequest,
} from "./readers/whep/binding.ts";
import { readAnswer, writeOffer } from "./readers/whep/description.ts";

const local = { ufrag: "abcd", password: "0123456789abcdef0123456789" };
const remote = { ufrag: "wxyz", password: "zyxwvutsrqponmlkjihgfedcba" };

Deno.test("WHEP reader: the server understands the offer", () => {
  parseDescription(writeOffer(local, { algorithm: "sha-256", value: new Array(32).fill("AB").join(":") }));
});

const lines = [
  "a=ice-ufrag:wxyz",
  "a=ice-pwd:zyxwvutsrqponmlkjihgfedcba",
  "a=fingerprint:sha-256 AA:BB",
  "a=setup:passive",
  "a=candidate:1 1 udp 2130706431 ::1 8189 typ host",
  "a=candidate:2 1 tcp 1671430143 127.0.0.1 8190 typ host tcptype passive",
  "a=candidate:3 1 udp 2130706431 10.0.0.1 8189 typ host",
  "a=candidate:4 1 udp 2130706431 127.0.0.1 8191 typ host",
];

Deno.test("WHEP reader: an answer", () => {
  const sdp = lines.join("\r\n") + "\r\n";
  equal(readAnswer(sdp, "127.0.0.1"), {
    credentials: remote,
    fingerprint: { algorithm: "sha-256", value: "AA:BB" },
    role: "client",
    ip: "127.0.0.1",
    port: 8191,
  });
  equal(readAnswer(sdp, "192.168.0.1").ip, "10.0.0.1");
  equal(readAnswer(sdp.replace("passive\r\na=cand", "active\r\na=cand"), "127.0.0.1").role, "server");
  throws(() => readAnswer(sdp.replaceAll(" udp ", " tcp "), "127.0.0.1"), /no UDP candidate/);
});

Deno.test("WHEP reader: checks and answers to checks are authentic", () => {
  const request = writeBindingRequest(local, remote);
  equal([isBindingRequest(request), isBindingSuccess(request)], [true, false]);
  equal(checkIntegrity(parseStun(request), shortTermKey(remote.password)), "right");
  const answer = writeBindingAnswer(request.subarray(0, 20), local, { ip: "127.0.0.1", port: 1 });
  equal([isBindingRequest(answer), isBindingSuccess(answer)], [false, true]);
  const message = parseStun(answer);
  equal(message.transactionId, request.subarray(8, 20));
  equal(checkIntegrity(message, shortTermKey(local.password)), "right");
  equal(checkFingerprint(message), "right");
});
