"""A client that others have published (https://pypi.org/project/shipstation/) makes an order in the simulator and finds it again."""

import contextlib
import io
import json
import os
import urllib.request

from shipstation.api import ShipStation, ShipStationAddress, ShipStationItem, ShipStationOrder, ShipStationWeight

url = os.environ["SHIPSTATION_BASE_URL"].rstrip("/")
client = ShipStation(key=os.environ["SHIPSTATION_API_KEY"], secret=os.environ["SHIPSTATION_API_SECRET"], debug=True)
client.url = url

order = ShipStationOrder(order_number="FOREIGN-1")
order.set_status("awaiting_shipment")
address = ShipStationAddress(name="Sample Buyer", street1="1 Main St", city="Salem", state="OR", postal_code="97301")
order.set_shipping_address(address)
order.set_billing_address(address)
item = ShipStationItem(sku="MUG-BLUE", name="Mug", quantity=2, unit_price="18.50")
item.set_weight(ShipStationWeight(units="ounces", value=12))
order.add_item(item)
client.add_order(order)
said = io.StringIO()
with contextlib.redirect_stdout(said):
    client.submit_orders()
    client.fetch_orders({"order_number": "FOREIGN-1", "order_status": "awaiting_shipment"})
assert said.getvalue().count("'orderTotal': 37.0") == 2, said.getvalue()

kept = json.load(urllib.request.urlopen(url + "/_simulator/orders"))
kept = [row for row in kept if row["orderNumber"] == "FOREIGN-1"]
assert len(kept) == 1 and kept[0]["items"][0]["sku"] == "MUG-BLUE", kept
journal = json.load(urllib.request.urlopen(url + "/_simulator/journal"))
paths = [entry["path"] for entry in journal if entry["authorized"]]
assert paths[-2:] == ["/orders/createorder", "/orders/list"], paths
print("a published client made an order and found it")
