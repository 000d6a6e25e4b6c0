import { components } from "../../src/app/components.ts";
import { globalKeys } from "../../src/conf/keys/tables.ts";
import { isAlias, type KeyTable } from "../../src/conf/key.ts";
import { equal } from "../support/assert.ts";

/** Keys whose change is taken over by what runs, without anybody being closed. */
const quiet = `
  logLevel logDestinations logStructured logFile sysLogPrefix dumpPackets
  readTimeout writeTimeout writeQueueSize udpMaxPayloadSize
  runOnConnect runOnConnectRestart runOnDisconnect webhooks
  authMethod authInternalUsers authHTTPAddress authHTTPFingerprint authHTTPExclude authJWTJWKS
  authJWTJWKSFingerprint authJWTClaimKey authJWTExclude authJWTInHTTPQuery authJWTIssuer authJWTAudience
  apiPersist apiAllowOrigins apiTrustedProxies
  metricsAllowOrigins metricsTrustedProxies pprofAllowOrigins pprofTrustedProxies
  rtspAuthMethods
  hlsAllowOrigins hlsTrustedProxies hlsMuxerCloseAfter hlsCDNSecret
  webrtcAllowOrigins webrtcTrustedProxies webrtcHandshakeTimeout webrtcTrackGatherTimeout
`.trim().split(/\s+/);

/** Of servers that are still to come, and old keys that act through path defaults. */
const others = /^(playback|moq|record)/;

const restarting = new Set<string>(components.flatMap(({ restartOn = [] }) => restartOn));

Deno.test("components: each global key either starts something anew or is taken over as it is", () => {
  const keys = Object.entries(globalKeys as KeyTable).filter(([, key]) => !isAlias(key)).map(([name]) =>
    name
  );
  equal(keys.filter((key) => !restarting.has(key) && !quiet.includes(key) && !others.test(key)), []);
  equal(quiet.filter((key) => restarting.has(key) || !keys.includes(key)), []);
  equal([...restarting].filter((key) => !keys.includes(key)), []);
});

Deno.test("components: an address that changes starts its server anew", () => {
  for (const { name, listensOn = [], restartOn = [] } of components) {
    equal(listensOn.filter((key) => !restartOn.includes(key)), [], name);
  }
});
