import {
  baseUrl,
  controlUrl,
  findControl,
  type RequestTarget,
  requestTarget,
  trackControl,
} from "../../../../src/protocols/rtsp/wire/control.ts";
import { parseRequestUrl, parseRtspUrl, serializeRtspUrl } from "../../../../src/protocols/rtsp/wire/url.ts";
import { equal, ok } from "../../../support/assert.ts";

const targets: readonly (readonly [url: string, target: RequestTarget])[] = [
  ["rtsp://h:8554/cam", { path: "cam", query: "" }],
  ["rtsp://h:8554/cam/", { path: "cam", query: "" }],
  ["rtsp://h:8554/cam/1?a=b", { path: "cam/1", query: "a=b" }],
  ["rtsp://h:8554/cam?a=b/", { path: "cam", query: "a=b" }],
  ["rtsp://h:8554/cam/trackID=0", { path: "cam", query: "", track: 0 }],
  ["rtsp://h:8554/cam/?a=b", { path: "cam", query: "a=b" }],
  ["rtsp://h:8554/cam?a=b/trackID=12", { path: "cam", query: "a=b", track: 12 }],
  ["rtsp://h:8554/cam/trackID=3?a=b", { path: "cam", query: "a=b", track: 3 }],
  ["rtsp://h:8554/cam/trackid=3/", { path: "cam", query: "", track: 3 }],
  ["rtsp://h:8554/my%20cam%2f1/trackID=1", { path: "my cam/1", query: "", track: 1 }],
  ["rtsp://h:8554/my cam", { path: "my cam", query: "" }],
  ["rtsp://h:8554/100%", { path: "100%", query: "" }],
  ["rtsp://h:8554", { path: "", query: "" }],
  ["rtsp://h:8554/trackID=0", { path: "", query: "", track: 0 }],
  ["rtsp://h:8554/cam/trackID=x", { path: "cam/trackID=x", query: "" }],
  ["/cam?a=b", { path: "cam", query: "a=b" }],
];
for (const [url, target] of targets) {
  Deno.test(`target of ${url}`, () => {
    const parsed = parseRequestUrl(url);
    ok(parsed !== null);
    equal(requestTarget(parsed), target);
  });
}

Deno.test("the URL made of our own control attribute names the track", () => {
  for (const base of ["rtsp://h/cam", "rtsp://h/cam/", "rtsp://h/cam?a=b", "rtsp://h/cam?a=b/"]) {
    const target = requestTarget(controlUrl(parseRtspUrl(base), trackControl(7)));
    equal([target.path, target.track], ["cam", 7]);
    ok(target.query === "a=b" || target.query === "");
  }
});

const controls: readonly (readonly [base: string, control: string, url: string])[] = [
  ["rtsp://u:p@10.0.0.1:554/path/", "", "rtsp://10.0.0.1:554/path/"],
  ["rtsp://10.0.0.1:554/path/", "*", "rtsp://10.0.0.1:554/path/"],
  ["rtsp://10.0.0.1:554/path/", "trackID=5", "rtsp://10.0.0.1:554/path/trackID=5"],
  ["rtsp://10.0.0.1:554/sub/path", "trackID=5", "rtsp://10.0.0.1:554/sub/path/trackID=5"],
  ["rtsp://10.0.0.1:554", "/test", "rtsp://10.0.0.1:554/test"],
  ["rtsp://10.0.0.1:554/", "rtsp://localhost/path/trackID=7", "rtsp://10.0.0.1:554/path/trackID=7"],
  ["rtsp://10.0.0.1", "rtsp://192.168.1.1:554/path/trackID=7", "rtsp://10.0.0.1/path/trackID=7"],
  ["rtsps://10.0.0.1:322/", "rtsps://localhost/t", "rtsps://10.0.0.1:322/t"],
  ["rtsp://h/test?user=tmp&stream=0.sdp", "trackID=5", "rtsp://h/test?user=tmp&stream=0.sdp/trackID=5"],
  [
    "rtsp://h/user=a&password=b!&stream=0.sdp",
    "trackID=5",
    "rtsp://h/user=a&password=b!&stream=0.sdp/trackID=5",
  ],
  ["rtsp://h/test", "?ctype=video", "rtsp://h/test?ctype=video"],
  ["rtsp://h/", "?ctype=video", "rtsp://h/?ctype=video"],
  ["rtsp://[::1]:5/p", " stream=0 ", "rtsp://[::1]:5/p/stream=0"],
];
for (const [base, control, url] of controls) {
  Deno.test(`control ${control} of ${base}`, () => {
    const resolved = controlUrl(parseRtspUrl(base), control);
    equal(serializeRtspUrl(resolved), url);
    equal(resolved.user, parseRtspUrl(base).user);
  });
}

const found:
  readonly (readonly [announced: string, controls: string[], setup: string, index: number | null])[] = [
    ["rtsp://h/p", ["streamid=0", "streamid=1"], "rtsp://h/p/streamid=1", 1],
    ["rtsp://h/p?a=b", ["streamid=0", "streamid=1"], "rtsp://h/p?a=b/streamid=1", 1],
    ["rtsp://h/p?a=b", ["stream=0", "stream=1"], "rtsp://h/p/stream=1?a=b", 1],
    ["rtsp://h:8554/p", ["rtsp://h:8554/p/x", "rtsp://h:8554/p/y"], "rtsp://h:8554/p/y", 1],
    ["rtsp://h/p", ["trackID=0", "trackID=10"], "rtsp://h/p/trackID=10", 1],
    ["rtsp://h/p/", ["trackID=0"], "rtsp://other:1/p/trackID=0/", 0],
    ["rtsp://h/p", ["trackID=0"], "rtsp://h/else/trackID=0", 0],
    ["rtsp://h/p", [""], "rtsp://h/p", 0],
    ["rtsp://h/p", ["streamid=0"], "rtsp://h/p/streamid=2", null],
    ["rtsp://h/p", [], "rtsp://h/p/streamid=2", null],
  ];
for (const [announced, attributes, setup, index] of found) {
  Deno.test(`${setup} among ${attributes} of ${announced}`, () => {
    equal(findControl(attributes, parseRtspUrl(announced), parseRtspUrl(setup)), index);
  });
}

Deno.test("findControl passes over attributes that are no URL", () => {
  equal(
    findControl(["rtsp://", "rtsp://a:b:c/x", "t"], parseRtspUrl("rtsp://h/p"), parseRtspUrl("rtsp://h/p/t")),
    2,
  );
});

Deno.test("what control attributes are relative to", () => {
  const request = parseRtspUrl("rtsp://u:p@10.0.0.1:554/a?b");
  const base = (given: Parameters<typeof baseUrl>[1]) => serializeRtspUrl(baseUrl(request, given));
  equal(base({}), "rtsp://10.0.0.1:554/a?b");
  equal(base({ contentBase: "rtsp://192.168.0.1/a/" }), "rtsp://10.0.0.1:554/a/");
  equal(base({ contentBase: " /x/ " }), "rtsp://10.0.0.1:554/x/");
  equal(base({ contentBase: "nonsense", contentLocation: "rtsp://h/l" }), "rtsp://10.0.0.1:554/l");
  equal(base({ sessionControl: "*", contentBase: "rtsp://h/c" }), "rtsp://10.0.0.1:554/c");
  equal(base({ sessionControl: "rtsp://h/s", contentBase: "rtsp://h/c" }), "rtsp://10.0.0.1:554/s");
  equal(baseUrl(request, { contentBase: "rtsp://h/c" }).user, "u");
});

Deno.test("long runs of one character are no work", () => {
  // Patterns that look for the end of a run take quadratic time: this would not end.
  const url = `rtsp://h/${"/".repeat(2_000_000)}x`;
  equal(findControl(["t"], parseRtspUrl("rtsp://h/p"), parseRtspUrl(url)), null);
  equal(requestTarget(parseRtspUrl(url)).track, undefined);
});
