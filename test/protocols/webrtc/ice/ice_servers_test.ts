import { createHmac } from "node:crypto";
import {
  type IceServerConf,
  iceServerLinks,
  iceServersFor,
} from "../../../../src/protocols/webrtc/ice/mod.ts";
import { equal, match } from "../../../support/assert.ts";

const stun: IceServerConf = { url: "stun:stun.example:3478", username: "", password: "", clientOnly: false };
const turn: IceServerConf = {
  url: "turn:turn.example:3478?transport=tcp",
  username: 'a"b\\',
  password: "p",
  clientOnly: true,
};

Deno.test("links to ICE servers", () => {
  equal(iceServerLinks(iceServersFor([], 0)), []);
  equal(iceServerLinks(iceServersFor([stun, turn], 0)), [
    '<stun:stun.example:3478>; rel="ice-server"',
    '<turn:turn.example:3478?transport=tcp>; rel="ice-server"; username="a\\"b\\\\"; credential="p"; credential-type="password"',
  ]);
});

Deno.test("credentials out of a secret are good for a day", () => {
  const [{ username, credential }] = iceServersFor(
    [{ ...turn, username: "AUTH_SECRET", password: "secret" }],
    1_000_000,
  );
  match(username!, /^87400:[0-9a-f]{16,}$/);
  equal(credential, createHmac("sha1", "secret").update(username!).digest("base64"));
});
