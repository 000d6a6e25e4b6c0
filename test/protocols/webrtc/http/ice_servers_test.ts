import { createHmac } from "node:crypto";
import { iceServerLinks, temporaryCredentials } from "../../../../src/protocols/webrtc/http/ice_servers.ts";
import { equal, match } from "../../../support/assert.ts";

const stun = { url: "stun:stun.example:3478", username: "", password: "", clientOnly: false };
const turn = {
  url: "turn:turn.example:3478?transport=tcp",
  username: 'a"b\\',
  password: "p",
  clientOnly: true,
};

Deno.test("links to ICE servers", () => {
  equal(iceServerLinks([], 0), null);
  equal(
    iceServerLinks([stun, turn], 0),
    '<stun:stun.example:3478>; rel="ice-server", ' +
      '<turn:turn.example:3478?transport=tcp>; rel="ice-server"; username="a\\"b\\\\"; credential="p"; credential-type="password"',
  );
});

Deno.test("credentials out of a secret are good for a day", () => {
  const { username, password } = temporaryCredentials("secret", 1_000_000, "x");
  equal(username, "87400:x");
  equal(password, createHmac("sha1", "secret").update("87400:x").digest("base64"));
  const link = iceServerLinks([{ ...turn, username: "AUTH_SECRET", password: "secret" }], 1_000_000)!;
  match(link, /username="87400:[0-9a-f]{16}"; credential="[A-Za-z0-9+/]{27}="/);
});

Deno.test("a line end in the configuration does not become a header", () => {
  const link = iceServerLinks([{ ...turn, url: "turn:x\r\nevil: 1>", username: "u\r\nv" }], 0)!;
  equal(link, '<turn:xevil:1>; rel="ice-server"; username="uv"; credential="p"; credential-type="password"');
});
