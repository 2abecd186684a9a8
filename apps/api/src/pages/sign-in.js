const form = document.querySelector('#sign-in');
const outcome = document.querySelector('#outcome');

/** Where the person was going: a path on this node, nothing else. */
function destination() {
  const wanted = new URL(new URLSearchParams(location.search).get('next') ?? '/docs/', location.origin);
  return wanted.origin === location.origin ? wanted.pathname + wanted.search : '/docs/';
}

async function signIn() {
  outcome.textContent = 'Signing in…';
  const { name, password } = form.elements;
  const credentials = btoa(String.fromCharCode(...new TextEncoder().encode(`${name.value}:${password.value}`)));
  try {
    const answer = await fetch('/auth/login/?cookie=1', { method: 'POST', headers: { authorization: `Basic ${credentials}` } });
    if (answer.ok) location.assign(destination());
    else outcome.textContent = (await answer.json()).desc;
  } catch {
    outcome.textContent = 'The node does not answer.';
  }
}

form.addEventListener('submit', (event) => {
  event.preventDefault();
  void signIn();
});
