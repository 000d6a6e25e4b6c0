/** Requests and responses as clients and cameras write them: file in test/fixtures/rtsp, then what is read. */
import { MessageReader } from "../../../../src/protocols/rtsp/wire/message_reader.ts";
import { serializeRequest } from "../../../../src/protocols/rtsp/wire/request.ts";
import { serializeResponse } from "../../../../src/protocols/rtsp/wire/response.ts";
import { equal, ok } from "../../../support/assert.ts";

const folder = new URL("../../../fixtures/rtsp/", import.meta.url);
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

function messages(bytes: Uint8Array): string[] {
  const reader = new MessageReader();
  reader.push(bytes);
  const seen: string[] = [];
  for (let message = reader.next(); message !== null; message = reader.next()) {
    if (message.kind === "frame") {
      seen.push(`$${reader.channel} ${text(reader.payload)}`);
      continue;
    }
    const { protocol, version, headers, body } = message.kind === "request"
      ? message.request
      : message.response;
    const start = message.kind === "request"
      ? `${message.request.method} <${message.request.url}>`
      : `${message.response.status} <${message.response.reason}>`;
    const list = [...headers].map(([name, value]) => `${name}=${value}`).join(" | ");
    seen.push(`${start} ${protocol}/${version} [${list}] ${text(body)}`.trimEnd());
  }
  equal(reader.pending, 0);
  return seen;
}

const corpus: readonly (readonly [file: string, messages: readonly string[]])[] = [
  ["announce_lower_case_length", [
    "ANNOUNCE <rtsp://h/p> RTSP/1.0 [CSEQ=2 | content-type=application/sdp | content-length=5] v=0",
  ]],
  ["ffmpeg_options", [
    "OPTIONS <rtsp://127.0.0.1:8554/cam> RTSP/1.0 [CSeq=1 | User-Agent=Lavf59.27.100]",
  ]],
  ["ffmpeg_setup_tcp", [
    "SETUP <rtsp://127.0.0.1:8554/cam/trackID=0> RTSP/1.0 [Transport=RTP/AVP/TCP;unicast;interleaved=0-1 | CSeq=3 | User-Agent=Lavf59.27.100]",
  ]],
  ["folded_header", [
    "PLAY <rtsp://h/p> RTSP/1.0 [CSeq=1 | RTP-Info=url=a;seq=1, url=b;seq=2]",
  ]],
  ["frames_between_responses", [
    "200 <OK> RTSP/1.0 [CSeq=3]",
    "$0 hi",
    "200 <OK> RTSP/1.0 [CSeq=4]",
  ]],
  ["gstreamer_setup", [
    'SETUP <rtsp://127.0.0.1:8554/cam/stream=0> RTSP/1.0 [CSeq=3 | User-Agent=GStreamer/1.22.0 | KeyMgmt=prot=mikey;uri="rtsp://127.0.0.1:8554/cam/stream=0";data="AQAF" | Transport=RTP/SAVP/TCP;unicast;interleaved=0-1;mode=RECORD | Date=Sun, 22 Nov 2026 07:47:15 GMT]',
  ]],
  ["http_get_tunnel", [
    "GET </cam> HTTP/1.0 [x-sessioncookie=1234 | Accept=application/x-rtsp-tunnelled | Content-Length=30000]",
  ]],
  ["leading_line_ends", [
    "TEARDOWN <rtsp://h/p> RTSP/1.0 [CSeq=1]",
  ]],
  ["line_feeds_only", [
    "SETUP <rtsp://h/p/trackID=1> RTSP/1.0 [CSeq=4 | Transport=RTP/AVP;unicast;client_port=1-2]",
  ]],
  ["lower_case_method_and_version", [
    "OPTIONS <rtsp://h/p> RTSP/1.0 [cseq=9]",
  ]],
  ["mixed_line_ends", [
    "PLAY <rtsp://h/p> RTSP/1.0 [CSeq=5 | Session=12345678 | Range=npt=0.000-]",
  ]],
  ["no_cseq", [
    "GET_PARAMETER <rtsp://h/p> RTSP/1.0 [Session=abc]",
  ]],
  ["path_only", [
    "SETUP </p/trackID=0> RTSP/1.0 [CSeq=1]",
  ]],
  ["repeated_headers", [
    "SETUP <rtsp://h/p> RTSP/1.0 [CSeq=1 | Require=a | require=b | Content-Length=0 | Content-Length=0]",
  ]],
  ["response_odd_spaces", [
    '401 <Unauthorized> RTSP/1.0 [CSeq=2 | WWW-Authenticate=Digest realm="r", nonce="n" | WWW-Authenticate=Basic realm="r"]',
  ]],
  ["response_plain", [
    "200 <OK> RTSP/1.0 [CSeq=1 | Public=OPTIONS, DESCRIBE]",
  ]],
  ["response_with_body_then_frame", [
    "200 <OK> RTSP/1.0 [Content-length=4 | Cseq=2] v=0",
    "$2 z",
  ]],
  ["response_without_reason", [
    "454 <> RTSP/1.0 [CSeq=6]",
  ]],
  ["set_parameter_body_then_frame", [
    "SET_PARAMETER <rtsp://h/p> RTSP/1.0 [CSeq=7 | Content-Length=8] volume:1",
    "$0 abcd",
    "$1 ",
    "OPTIONS <*> RTSP/1.0 []",
  ]],
  ["spaces_around", [
    "DESCRIBE <rtsp://h/p> RTSP/1.0 [CSeq=2 | X=]",
  ]],
  ["spaces_in_url", [
    "DESCRIBE <rtsp://h:8554/my cam/front door> RTSP/1.0 [CSeq=2]",
  ]],
  ["star", [
    "OPTIONS <*> RTSP/1.0 [CSeq=1]",
  ]],
  ["tabs", [
    "DESCRIBE <rtsp://h/p> RTSP/1.0 [CSeq=2]",
  ]],
  ["upper_case_length_no_space", [
    "ANNOUNCE <rtsp://h/p> RTSP/1.0 [CSeq=2 | CONTENT-LENGTH=3] abc",
  ]],
  ["utf8_path", [
    "DESCRIBE <rtsp://h/каме́ра> RTSP/1.0 [CSeq=1]",
  ]],
  ["version_2", [
    "OPTIONS <*> RTSP/2.0 [CSeq=1]",
  ]],
  ["vlc_describe", [
    "DESCRIBE <rtsp://127.0.0.1:8554/cam> RTSP/1.0 [CSeq=3 | User-Agent=LibVLC/3.0.18 (LIVE555 Streaming Media v2016.11.28) | Accept=application/sdp]",
  ]],
];

Deno.test("every message of the corpus is in the table", () => {
  const files = [...Deno.readDirSync(folder)].map(({ name }) => name.replace(/\.rtsp$/, "")).sort();
  equal(corpus.map(([file]) => file), files);
});

for (const [file, expected] of corpus) {
  Deno.test(`corpus: ${file}`, () => {
    equal(messages(Deno.readFileSync(new URL(`${file}.rtsp`, folder))), expected);
  });
}

Deno.test("what we write about the corpus is read as the same", () => {
  for (const [file] of corpus) {
    const reader = new MessageReader();
    reader.push(Deno.readFileSync(new URL(`${file}.rtsp`, folder)));
    const message = reader.next();
    ok(message !== null && message.kind !== "frame");
    const again = new MessageReader();
    again.push(
      message.kind === "request" ? serializeRequest(message.request) : serializeResponse(message.response),
    );
    const second = again.next();
    ok(second !== null && second.kind === message.kind);
    if (message.kind === "request" && second.kind === "request") {
      equal(second.request.method, message.request.method);
      equal(decodeURI(second.request.url), decodeURI(message.request.url));
      equal(text(second.request.body), text(message.request.body));
      equal(second.request.headers.get("cseq"), message.request.headers.get("cseq"));
    }
    if (message.kind === "response" && second.kind === "response") {
      equal(second.response.status, message.response.status);
      equal(
        second.response.headers.all("www-authenticate"),
        message.response.headers.all("www-authenticate"),
      );
      equal(text(second.response.body), text(message.response.body));
    }
  }
});
