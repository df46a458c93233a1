/**
 * What the link of an invitation opens. The token stands after the `#` and is sent only when somebody presses the
 * button: mail scanners that follow links accept nothing.
 */
export const acceptPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Waybill</title>
<style>
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 30rem; margin: 4rem auto; padding: 0 1rem; color: #222 }
  input, button { font: inherit; padding: .4rem .6rem; margin: .3rem 0; width: 100%; box-sizing: border-box }
  code { background: #eee; border-radius: 3px; padding: 0 .3em; word-break: break-all }
</style>
<h1>Waybill</h1>
<p id="words">One moment</p>
<form id="form" hidden>
  <input id="email" autocomplete="username" readonly>
  <input id="password" type="password" autocomplete="new-password" placeholder="Choose a password">
  <button>Accept</button>
</form>
<script>
  const token = location.hash.slice(1)
  const at = (id) => document.getElementById(id)
  const say = (text) => { at('words').textContent = text }
  const post = async (path, body) => {
    const answer = await fetch('/api/v3/web/' + path, { method: 'POST', body: JSON.stringify(body) })
    const json = await answer.json()
    if (json.message) throw new Error(json.message)
    return json.result
  }
  post('invitation', { token }).then(({ email, workspace, opens }) => {
    say('You are invited to the workspace "' + workspace + '".')
    at('email').value = email
    at('password').hidden = !opens
    at('form').hidden = false
  }).catch((error) => say(error.message))
  at('form').addEventListener('submit', async (event) => {
    event.preventDefault()
    const password = at('password').hidden ? null : at('password').value
    try {
      const { workspace } = await post('accept', { token, password })
      at('form').hidden = true
      say('Welcome to "' + workspace + '". On a command line, go on with: waybill login --server ' + location.origin)
    } catch (error) { say(error.message) }
  })
</script>
</html>
`
