/* Draws Swagger UI; the page names the document. */
const target = document.getElementById("swagger-ui");

window.SwaggerUIBundle({
  domNode: target,
  url: target.dataset.document,
  deepLinking: true,
  persistAuthorization: false,
  tryItOutEnabled: true,
  validatorUrl: null, // would send the document to another host
});
