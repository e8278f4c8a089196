@additional @customer-company/deletes
Feature: What is deleted of a customer and its company deletes nothing on the other side and does not come back

  @id:before-its-time @req:11
  Scenario: What is deleted before the sync has seen it is not created
    Given a Customerp Customer
    When it is deleted in Customerp
    And the sync comes to rest
    Then it has no counterpart in Invoiced
    And one more round writes nothing

  @id:in-customerp @req:58 @req:59
  Scenario: Deleted in Customerp, it stays in Invoiced and does not come back when it is edited there
    Given a Customerp Customer linked with its Invoiced Customer
    When it is deleted in Customerp
    And the sync comes to rest
    Then there is 1 Customer in Invoiced
    And nothing else has changed on either side
    When phone is set to 5550200 in Invoiced
    And the sync comes to rest
    Then it is gone from Customerp
    And nothing else has changed on either side
    And one more round writes nothing

  @id:in-invoiced @req:58 @req:59
  Scenario: Deleted in Invoiced, it stays in Customerp and does not come back when it is edited there
    Given a Customerp Customer linked with its Invoiced Customer
    When it is deleted in Invoiced
    And the sync reads everything again
    Then it is gone from Invoiced
    And nothing else has changed on either side
    When phone is set to 5550200 in Customerp
    And the sync comes to rest
    Then it is gone from Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:merged @req:61
  Scenario: Merged into another in Invoiced, it is not taken for deleted but left to a person
    Given a Customerp Customer linked with its Invoiced Customer
    And an Invoiced Customer with
      | property | value         |
      | name     | Nordlicht Süd |
    When it is merged into the other Customer in Invoiced
    And the sync reads everything again
    Then it is gone from Invoiced
    And the sync reports conflict on merged, won by nobody
    And nothing else has changed on either side
    When phone is set to 5550200 in Customerp
    And the sync comes to rest
    Then there is 1 Customer in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

  @id:empty-list @req:61 @req:62
  Scenario Outline: An empty list is not taken for the deletion of everything: <case>
    Given 12 Customerp Customers
    And the sync has come to rest
    When <system> shows an empty list of <type>s once
    And the sync reads everything again
    Then there are 12 Customers in Invoiced
    And nothing else has changed on either side
    And one more round writes nothing

    Examples: both sides
      | case      | system    | type |
      | customerp | Customerp | Customer |
      | invoiced  | Invoiced  | Customer |

  @id:left-out @req:63
  Scenario: What the change feed leaves out is not taken for deleted, and arrives with the next full look
    Given a Customerp Customer linked with its Invoiced Customer
    When phone is set to 5550200 in Customerp
    And Customerp's change feed leaves everything out once
    And the sync comes to rest
    Then the sync has written nothing since
    And nothing else has changed on either side
    When the sync reads everything again
    Then phone in Invoiced is 5550200
    And nothing else has changed on either side
    And one more round writes nothing
