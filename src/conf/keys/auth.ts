/** Who may do what. */
import { alias, built, legacy } from "../key.ts";
import { bool, credential, networks, structs, text, word } from "../value_type.ts";

const permissionKeys = {
  action: built(
    word("publish", "read", "playback", "api", "metrics", "pprof"),
    "publish",
    "What is allowed.",
    { required: true },
  ),
  path: built(
    text,
    "",
    "The path it is allowed on; empty for all, ~ before a regular expression. Means nothing for api, metrics and pprof.",
  ),
};
const permissions = structs(permissionKeys);

const userKeys = {
  user: built(credential, "", "User name, plain or hashed; 'any' is everybody, also without credentials."),
  pass: built(credential, "", "Password, plain or hashed; empty accepts every password.", { secret: "all" }),
  ips: built(networks, [], "Addresses or networks the user may come from; empty for all."),
  permissions: built(permissions, [], "What the user may do; empty for nothing."),
};

export const authKeys = {
  authMethod: built(
    word("internal", "http", "jwt"),
    "internal",
    "Who decides: the list of users below, an HTTP server that is asked each time, or signed tokens (JWT).",
  ),
  authInternalUsers: built(
    structs(userKeys),
    [
      {
        user: "any",
        pass: "",
        ips: [],
        permissions: [
          { action: "publish", path: "" },
          { action: "read", path: "" },
          { action: "playback", path: "" },
        ],
      },
      {
        user: "any",
        pass: "",
        ips: ["127.0.0.1/32", "::1/128"],
        permissions: [
          { action: "api", path: "" },
          { action: "metrics", path: "" },
          { action: "pprof", path: "" },
        ],
      },
    ],
    "Users of the internal method. Names and passwords are plain text, sha256:<base64 of the hash> or argon2:<encoded hash>. " +
      "By default everybody may publish and read, and this machine may use the API, metrics and pprof.",
    { secret: "all" },
  ),
  authHTTPAddress: built(
    text,
    "",
    "URL of the HTTP method. Each request is described there in a POST; an answer of 20x allows it.",
    { secret: "url" },
  ),
  externalAuthenticationURL: alias(text, "authHTTPAddress", { as: "authHttp", secret: "url" }),
  authHTTPFingerprint: built(
    text,
    "",
    "SHA-256 fingerprint (hex) of that server's certificate, to accept it although nobody vouches for it.",
  ),
  authHTTPExclude: built(permissions, [], "Actions that need no question to the HTTP server."),
  authJWTJWKS: built(text, "", "URL of the key set (JWKS) that tokens are checked with.", {
    secret: "url",
  }),
  authJWTJWKSFingerprint: built(
    text,
    "",
    "SHA-256 fingerprint (hex) of that server's certificate, to accept it although nobody vouches for it.",
  ),
  authJWTClaimKey: built(
    text,
    "mediamtx_permissions",
    "Claim of the token that holds the list of permissions.",
  ),
  authJWTExclude: built(permissions, [], "Actions that need no token."),
  authJWTInHTTPQuery: legacy(
    bool,
    "Accept tokens in the query of HTTP requests.",
    true,
    "parameter 'authJWTInHTTPQuery' is deprecated and will be removed in a future release",
  ),
  authJWTIssuer: built(text, "", "Issuer (iss) that tokens must name; empty for any."),
  authJWTAudience: built(text, "", "Audience (aud) that tokens must name; empty for any."),
};
