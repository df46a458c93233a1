import type { Command } from 'commander'

/** One word after `waybill`. Its module is loaded only when it is called, so that every start is quick. */
export interface CommandEntry {
  readonly name: string
  readonly group: string
  readonly summary: string
  readonly load: () => Promise<Command>
}

const transfers = 'Transfers:'
const files = 'Files:'
const sharing = 'Storage and sharing:'
const running = 'Running it:'
const account = 'Logging in:'
const admin = 'Administration:'

export const registry: readonly CommandEntry[] = [
  {
    name: 'transfer',
    group: transfers,
    summary: 'send files from one place to another and follow them',
    load: () => import('./commands/jobs/transfer.js').then(({ command }) => command),
  },
  {
    name: 'receive',
    group: transfers,
    summary: 'choose where files that were sent to you go',
    load: () => import('./commands/jobs/receive.js').then(({ command }) => command),
  },
  {
    name: 'map',
    group: transfers,
    summary: 'map shares to directories of this machine',
    load: () => import('./commands/jobs/map.js').then(({ command }) => command),
  },
  {
    name: 'follow',
    group: transfers,
    summary: 'follow a job to its end',
    load: () => import('./commands/jobs/follow.js').then(({ command }) => command),
  },
  {
    name: 'find',
    group: transfers,
    summary: 'list what a query finds',
    load: () => import('./commands/jobs/find.js').then(({ command }) => command),
  },
  {
    name: 'show',
    group: transfers,
    summary: 'show one entity with all its attributes',
    load: () => import('./commands/jobs/show.js').then(({ command }) => command),
  },
  {
    name: 'tasks',
    group: transfers,
    summary: 'list the tasks of a job',
    load: () => import('./commands/jobs/tasks.js').then(({ command }) => command),
  },
  {
    name: 'log',
    group: transfers,
    summary: 'print the log of a job, or the latest of all',
    load: () => import('./commands/jobs/log.js').then(({ command }) => command),
  },
  {
    name: 'manifest',
    group: transfers,
    summary: 'list the files of a job with their checksums, or verify them',
    load: () => import('./commands/manifest/manifest.js').then(({ command }) => command),
  },
  {
    name: 'preview',
    group: transfers,
    summary: 'print what a dry run found',
    load: () => import('./commands/preview/command.js').then(({ command }) => command),
  },
  {
    name: 'pause',
    group: transfers,
    summary: 'put jobs on hold',
    load: () => import('./commands/jobs/status.js').then(({ pause }) => pause),
  },
  {
    name: 'resume',
    group: transfers,
    summary: 'let paused jobs go on',
    load: () => import('./commands/jobs/status.js').then(({ resume }) => resume),
  },
  {
    name: 'abort',
    group: transfers,
    summary: 'end jobs for good',
    load: () => import('./commands/jobs/status.js').then(({ abort }) => abort),
  },
  {
    name: 'retry',
    group: transfers,
    summary: 'start failed, aborted or finished jobs again',
    load: () => import('./commands/jobs/status.js').then(({ retry }) => retry),
  },
  {
    name: 'ls',
    group: files,
    summary: 'list a directory',
    load: () => import('./commands/files/ls.js').then(({ command }) => command),
  },
  {
    name: 'size',
    group: files,
    summary: 'count the bytes of files and directories',
    load: () => import('./commands/files/size.js').then(({ command }) => command),
  },
  {
    name: 'exists',
    group: files,
    summary: 'tell whether something is there',
    load: () => import('./commands/files/exists.js').then(({ command }) => command),
  },
  {
    name: 'mkdir',
    group: files,
    summary: 'make directories',
    load: () => import('./commands/files/change.js').then(({ mkdir }) => mkdir),
  },
  {
    name: 'mv',
    group: files,
    summary: 'rename or move within a volume',
    load: () => import('./commands/files/change.js').then(({ mv }) => mv),
  },
  {
    name: 'rm',
    group: files,
    summary: 'delete files and directories',
    load: () => import('./commands/files/change.js').then(({ rm }) => rm),
  },
  {
    name: 'volume',
    group: sharing,
    summary: 'volumes and the servers that serve them',
    load: () => import('./commands/shares/volume.js').then(({ command }) => command),
  },
  {
    name: 'folder',
    group: sharing,
    summary: 'directories that are shared',
    load: () => import('./commands/shares/folder.js').then(({ command }) => command),
  },
  {
    name: 'home',
    group: sharing,
    summary: "users' own folders",
    load: () => import('./commands/shares/home.js').then(({ command }) => command),
  },
  {
    name: 'collection',
    group: sharing,
    summary: 'chosen files, shared as one',
    load: () => import('./commands/shares/collection.js').then(({ command }) => command),
  },
  {
    name: 'grant',
    group: sharing,
    summary: 'let a user read or write on a share',
    load: () => import('./commands/shares/grant.js').then(({ command }) => command),
  },
  {
    name: 'access',
    group: sharing,
    summary: 'show who may what',
    load: () => import('./commands/shares/access.js').then(({ command }) => command),
  },
  {
    name: 'revoke',
    group: sharing,
    summary: 'take back what was granted',
    load: () => import('./commands/shares/revoke.js').then(({ command }) => command),
  },
  {
    name: 'up',
    group: running,
    summary: 'run a control plane and a storage agent',
    load: () => import('./commands/run/up.js').then(({ command }) => command),
  },
  {
    name: 'serve',
    group: running,
    summary: 'run a control plane alone',
    load: () => import('./commands/run/serve.js').then(({ command }) => command),
  },
  {
    name: 'agent',
    group: running,
    summary: 'run an endpoint on this machine',
    load: () => import('./commands/run/agent.js').then(({ command }) => command),
  },
  {
    name: 'login',
    group: account,
    summary: 'keep credentials for the other commands',
    load: () => import('./commands/account/login.js').then(({ command }) => command),
  },
  {
    name: 'logout',
    group: account,
    summary: 'forget them',
    load: () => import('./commands/account/logout.js').then(({ command }) => command),
  },
  {
    name: 'whoami',
    group: account,
    summary: 'show who the other commands act as',
    load: () => import('./commands/account/whoami.js').then(({ command }) => command),
  },
  {
    name: 'accept',
    group: account,
    summary: 'accept an invitation',
    load: () => import('./commands/account/accept.js').then(({ command }) => command),
  },
  {
    name: 'password',
    group: account,
    summary: 'set your password for the web',
    load: () => import('./commands/account/password.js').then(({ command }) => command),
  },
  {
    name: 'key',
    group: account,
    summary: 'API keys',
    load: () => import('./commands/people/key.js').then(({ command }) => command),
  },
  {
    name: 'user',
    group: admin,
    summary: 'users of the workspace',
    load: () => import('./commands/people/user.js').then(({ command }) => command),
  },
  {
    name: 'workspace',
    group: admin,
    summary: 'workspaces of an installation on this machine',
    load: () => import('./commands/people/workspace.js').then(({ command }) => command),
  },
  {
    name: 'client',
    group: admin,
    summary: 'agents and where they run',
    load: () => import('./commands/admin/client.js').then(({ command }) => command),
  },
  {
    name: 'queue',
    group: admin,
    summary: 'queues of jobs',
    load: () => import('./commands/admin/queue.js').then(({ command }) => command),
  },
  {
    name: 'site',
    group: admin,
    summary: 'places with servers',
    load: () => import('./commands/admin/site.js').then(({ command }) => command),
  },
  {
    name: 'audit',
    group: admin,
    summary: 'who changed what',
    load: () => import('./commands/admin/audit.js').then(({ command }) => command),
  },
  {
    name: 'setting',
    group: admin,
    summary: 'settings of the workspace, queues, shares, jobs and tasks',
    load: () => import('./commands/admin/setting.js').then(({ command }) => command),
  },
]
