@additional @order-invoice/deletes
Feature: What is deleted of an order and its invoice deletes nothing on the other side and does not come back

  @id:before-its-time @req:11
  Scenario: What is deleted before the sync has seen it is not created
    Given a Customerp Order
    When it is deleted in Customerp
    And the sync comes to rest
    Then it has no counterpart in Invoiced
    And one more round writes nothing

  @id:in-customerp @req:58 @req:59
  Scenario: Deleted in Customerp, it stays in Invoiced and does not come back when it is edited there
    Given a Customerp Order linked with its Invoiced Invoice
    When it is deleted in Customerp
    And the sync comes to rest
    Then there is 1 Invoice in Invoiced
    And nothing else has changed on either side
    When purchase_order is set to PO-8 in Invoiced
    And the sync comes to rest
    Then it is gone from Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:in-invoiced @req:58 @req:59
  Scenario: Deleted in Invoiced, it stays in Customerp and does not come back when it is edited there
    Given a Customerp Order linked with its Invoiced Invoice
    When it is deleted in Invoiced
    And the sync reads everything again
    Then it is gone from Invoiced
    And nothing else has changed on either side
    When purchaseOrder is set to PO-8 in Customerp
    And the sync comes to rest
    Then it is gone from Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:empty-list @req:61 @req:62
  Scenario Outline: An empty list is not taken for the deletion of everything: <case>
    Given 12 Customerp Orders
    And the sync has come to rest
    When <system> shows an empty list of <type>s once
    And the sync reads everything again
    Then there are 12 Invoices in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both sides
      | case      | system    | type |
      | customerp | Customerp | Order |
      | invoiced  | Invoiced  | Invoice |

  @id:left-out @req:63
  Scenario: What the change feed leaves out is not taken for deleted, and arrives with the next full look
    Given a Customerp Order linked with its Invoiced Invoice
    When purchaseOrder is set to PO-8 in Customerp
    And Customerp's change feed leaves everything out once
    And the sync comes to rest
    Then the sync has written nothing since
    And nothing else has changed on either side
    When the sync reads everything again
    Then purchase_order in Invoiced is PO-8
    And nothing else has changed on either side
    And one more round writes nothing
