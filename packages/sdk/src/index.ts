export { type ErrorCode, WaybillError } from '@waybill/api'
export type { Account, ApiKey, KeyWish, WebSession } from './account.js'
export type * from './entities/index.js'
export type { FileEntry, FilePath, FileResult, ListOptions, SizeOptions } from './files.js'
export type { FollowOptions } from './follow.js'
export type { AuditFilter, AuditLine, Journal, LogEntry } from './journal.js'
export type { ManifestFile } from './manifest.js'
export type { Mapping, MappingOptions, Mappings } from './mappings.js'
export type { CreateOptions, FindOptions } from './options.js'
export type { PreviewEntry, PreviewPage } from './preview.js'
export { type CreatedTasks, Session, type Success } from './session.js'
export type { SettingScope, Settings } from './settings.js'
export { type Grant, quote, type Shares } from './shares.js'
export {
  acceptInvitation,
  type Invitation,
  loginWithPassword,
  readInvitation,
  type ServerOptions,
  type WebLogin,
} from './web.js'
export type { Login, SessionOptions } from './wire/connection.js'
export { serverUrl } from './wire/connection.js'
