@additional @order-invoice/conflicts
Feature: Edits on both sides of an order and its invoice lose nothing that was not agreed to be lost

  Background:
    Given a Customerp Order linked with its Invoiced Invoice
    And its purchaseOrder is PO-7 on both sides

  @id:saved-again @req:36
  Scenario Outline: Saving without a change moves nothing: <case>
    When <property> is set to PO-7 in <system>
    And the sync comes to rest
    Then the sync has written nothing since
    And nothing else has changed on either side

    Examples: both sides
      | case      | property | system    |
      | customerp | purchaseOrder | Customerp |
      | invoiced  | purchase_order | Invoiced  |

  @id:only-what-is-synchronised @req:40 @req:41
  Scenario: An edit of something that is not synchronised is no conflict
    When name is set to Fifty in Invoiced
    And purchaseOrder is set to PO-8 in Customerp
    And the sync comes to rest
    Then purchase_order in Invoiced is PO-8
    And name in Invoiced is Fifty
    And nothing else has changed on either side
    And one more round writes nothing

  @id:accepted-but-ignored @req:37 @req:43
  Scenario: What Invoiced accepts and does not keep is not taken for a newer value
    When purchaseOrder is set to PO-8 in Customerp
    And Invoiced accepts the next change but ignores purchase_order
    And the sync comes to rest
    Then the sync reports a divergence on purchaseOrder
    And purchaseOrder in Customerp is PO-8
    And nothing else has changed on either side
    And one more round writes nothing

  @id:overtaken @req:39
  Scenario: An edit that comes between the sync's look and its write waits for a person
    When purchase_order is set to PO-8 in Invoiced
    And purchaseOrder is to become PO-9 in Customerp just before the sync's next change of an Order
    And the sync comes to rest
    Then purchaseOrder in Customerp is PO-9
    And purchase_order in Invoiced is PO-8
    And the sync reports a conflict on purchaseOrder, won by nobody
    And nothing else has changed on either side
    And one more round writes nothing
