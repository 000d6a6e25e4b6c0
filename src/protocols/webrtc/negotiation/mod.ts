/** Offer and answer: descriptions in, what both sides agree on out. Touches nothing outside of its arguments. */
export { agreedData, agreedMedias, type AgreedSection, type Agreement } from "./agreement.ts";
export { localSetup, type LocalSource, type LocalTransport, serializeAnswer } from "./answer.ts";
export type { Description, OfferedSection } from "./description.ts";
export { NotAcceptableError } from "./errors.ts";
export { parseDescription } from "./parse.ts";
export { agreeToPublish } from "./publish.ts";
export { agreeToRead, type ReadAgreement } from "./read.ts";
export { parseFragment, serializeFragment, type TrickleFragment } from "./trickle.ts";
