import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'

/**
 * Reads `add PID`, `del PID` and `dir PATH` lines. When its input ends, however this process died, it kills
 * the process groups that are left and removes the directories.
 */
const script = `
trap '' INT TERM HUP
groups=' '
dirs=''
while read -r verb value; do
  case $verb in
    add) groups="$groups$value " ;;
    del) case $groups in *" $value "*) groups="\${groups%% $value *} \${groups#* $value }" ;; esac ;;
    dir) dirs="$dirs$value
" ;;
  esac
done
for pid in $groups; do kill -s KILL -- "-$pid" 2>/dev/null; done
printf %s "$dirs" | while read -r dir; do [ -n "$dir" ] && rm -rf -- "$dir"; done
`

let reaper: ChildProcess | undefined

/** A shell that outlives this process by a moment, so that not even kill -9 of a test run leaks anything. */
function tell(line: string): void {
  if (process.platform === 'win32') return
  if (reaper === undefined) {
    reaper = spawn('/bin/sh', ['-c', script], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
    reaper.stdin?.on('error', () => undefined)
    // Neither the shell nor its pipe may keep the tests from ending.
    reaper.unref()
    if (reaper.stdin instanceof Socket) reaper.stdin.unref()
  }
  reaper.stdin?.write(`${line}\n`)
}

/** The process group `pid` dies with this process. */
export function reapGroup(pid: number): void {
  tell(`add ${pid}`)
}

/** The group is gone; its number may be somebody else's soon. */
export function forgetGroup(pid: number): void {
  tell(`del ${pid}`)
}

/** `path` is removed when this process is gone. It must not hold a newline. */
export function reapDirectory(path: string): void {
  tell(`dir ${path}`)
}
