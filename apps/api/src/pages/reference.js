// No validator: the page asks nothing of the internet.
globalThis.SwaggerUIBundle({ url: '/openapi.json', dom_id: '#reference', validatorUrl: null, deepLinking: true });
