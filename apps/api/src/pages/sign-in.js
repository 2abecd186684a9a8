const form = document.querySelector('#sign-in');
const outcome = document.querySelector('#outcome');

/** Where the person was going: a path on this node, nothing else. */
function destination() {
  const wanted = new URL(new URLSearchParams(location.search).get('next') ?? '/docs/', location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : '/docs/';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  outcome.textContent = 'Signing in…';
  const { name, password } = Object.fromEntries(new FormData(form));
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${name}:${password}`)));
  try {
    const answer = await fetch('/auth/login/?cookie=1', { method: 'POST', headers: { authorization: `Basic ${credentials}` } });
    if (answer.ok) location.assign(destination());
    else outcome.textContent = (await answer.json()).desc;
  } catch {
    outcome.textContent = 'The node does not answer.';
  }
});
