/** What a person sees who opens the address in a browser, until there is a web app. */
export const startPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Waybill</title>
<style>
  body { font: 16px/1.6 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem; color: #222 }
  code { background: #eee; border-radius: 3px; padding: 0 .3em }
</style>
<h1>Waybill</h1>
<p>This is the control plane of a Waybill installation. Programs talk to it at <code>/api/v3</code>.</p>
<p>From a terminal: <code>waybill login</code>, then <code>waybill find transfer</code>.</p>
</html>
`
