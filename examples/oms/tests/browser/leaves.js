// Whether a click on this element, or Enter at the one that has the focus, leads to another page.
// If so, this page is marked as left.
const e = arguments[0] ?? document.activeElement;
const valid = (form) => e.formNoValidate || form.noValidate || form.checkValidity();
const leaves = e.matches("a[href]:not([download])")
  ? !e.hash || e.href.split("#")[0] !== location.href.split("#")[0]
  : Boolean(e.form) && (e.type === "submit" || e.matches("input:not([type=button])")) && valid(e.form);
if (leaves) document.documentElement.dataset.left = "";
return leaves;
