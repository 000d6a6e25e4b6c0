/** Who may do what. */
export {
  type AuthAction,
  AuthError,
  type AuthGrant,
  type AuthRequest,
  type Credentials,
  noCredentials,
  type Protocol,
} from "./contracts.ts";
export { type AdminAction, adminRefusal, refusedAnswer } from "./http_refusal.ts";
export type { InternalUser } from "./internal.ts";
export { AuthManager, type AuthOptions } from "./manager.ts";
export type { Permission } from "./permission.ts";
