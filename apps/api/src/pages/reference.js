const dark = matchMedia('(prefers-color-scheme: dark)');
const followScheme = () => document.documentElement.classList.toggle('dark-mode', dark.matches);
dark.addEventListener('change', followScheme);
followScheme();

/**
 * What Swagger UI leaves out for keyboards and screen readers: the path of an operation is a link inside the button that opens it, what it says
 * of the API is in no landmark, and from the title to the groups of operations a level of headings is missing.
 */
const accessible = ({ React: { createElement, Fragment } }) => ({
  wrapComponents: {
    DeepLink:
      () =>
      ({ text }) =>
        createElement('span', null, text),
    InfoContainer: (Information) => (props) =>
      createElement('section', { 'aria-label': 'About this API' }, createElement(Information, props)),
    operations: (Operations) => (props) =>
      createElement(Fragment, null, createElement('h2', { className: 'operations-title' }, 'Operations'), createElement(Operations, props)),
  },
});

// No validator: the page asks nothing of the internet.
globalThis.SwaggerUIBundle({
  url: '/openapi.json',
  dom_id: '#reference',
  validatorUrl: null,
  deepLinking: true,
  plugins: [accessible],
});
